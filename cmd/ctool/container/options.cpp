// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"

#include "ctool-images/commands.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Complete;
using cli::Option;

// One line an option: name, letter, value, help, sink. The table is the reference.
class Table {
 public:
  explicit Table(std::vector<Option>& into) : into_(into) {}
  Option& operator()(std::string_view name, char letter, std::string_view value, std::string_view help, cli::Sink sink) {
    Option o;
    o.name = name;
    o.short_name = letter;
    o.value = value;
    o.help = help;
    o.sink = std::move(sink);
    into_.push_back(std::move(o));
    return into_.back();
  }

 private:
  std::vector<Option>& into_;
};

void AddLifecycle(Table& t, engine::CreateOptions& o) {
  t("name", 0, "name", "Name of the container", &o.name);
  t("replace", 0, "", "Remove a container that has the name first", &o.replace);
  t("rm", 0, "", "Remove the container, and its anonymous volumes, when it has ended", &o.rm);
  t("restart", 0, "policy", "Start it again when it has ended: no, on-failure[:retries], always, unless-stopped", &o.restart)
      .values = {"no", "on-failure", "always", "unless-stopped"};
  Option& requires_option = t("requires", 0, "container", "Start this container first; it can be removed only after this one", &o.required);
  requires_option.comma = true;
  requires_option.complete = Complete::kContainers;
  t("rootfs", 0, "", "IMAGE is a folder with a root file system, FOLDER or FOLDER:O; with O it stays as it is", &o.rootfs);
  t("init-path", 0, "file", "A program of the host for --init", &o.init_path).complete = Complete::kFiles;
  t("personality", 0, "persona", "Execution domain: LINUX or LINUX32", &o.personality).values = {"LINUX", "LINUX32"};
  t("init", 0, "", "Run a small init as PID 1 that passes signals on and reaps zombies", &o.init);
  t("stop-signal", 0, "signal", "Signal that asks the container to end", &o.stop_signal).words = words::kSignals;
  t("stop-timeout", 0, "seconds", "Time from the stop signal to SIGKILL; -1 waits for ever", &o.stop_timeout);
  t("timeout", 0, "seconds", "Kill the container after so many seconds", &o.timeout);
  t("cidfile", 0, "file", "Write the container's id to this file", &o.cidfile).complete = Complete::kFiles;
  t("pidfile", 0, "file", "Write the pid of the container's first process to this file", &o.pidfile).complete = Complete::kFiles;
  t("conmon-pidfile", 0, "file", "Write the monitor's pid to this file", &o.conmon_pidfile).complete = Complete::kFiles;
  t("systemd", 0, "mode", "Prepare for systemd as the command: always, false, or true, if the command is systemd or init", &o.systemd).values = {"true", "false", "always"};
  t("sdnotify", 0, "mode", "Who tells systemd that the container is ready, if $NOTIFY_SOCKET is set: its command (container), ctool (conmon) or nobody (ignore)", &o.sdnotify).values = {"ignore", "container", "conmon"};
  t("entrypoint", 0, "command", "Use this entrypoint, a word or a JSON array, and not the image's", &o.entrypoint);
}

void AddProcess(Table& t, engine::CreateOptions& o) {
  t("interactive", 'i', "", "Keep stdin open", &o.interactive);
  t("tty", 't', "", "Give the container a terminal", &o.tty);
  t("env", 'e', "name[=value]", "Set an environment variable; without a value, take the caller's", &o.env).complete = Complete::kEnvironment;
  t("env-file", 0, "file", "Set environment variables from a file", &o.env_file).complete = Complete::kFiles;
  t("env-host", 0, "", "Pass the caller's whole environment on", &o.env_host);
  t("env-merge", 0, "name=value", "Change a variable of the image; the value may name it, as in PATH=${PATH}:/extra", &o.env_merge);
  t("unsetenv", 0, "name", "Leave out an environment variable of the image", &o.unsetenv);
  t("unsetenv-all", 0, "", "Leave out every default environment variable", &o.unsetenv_all);
  t("http-proxy", 0, "", "Pass the caller's proxy variables on", &o.http_proxy);
  t("label", 'l', "key=value", "Set a label", &o.label);
  t("label-file", 0, "file", "Set labels from a file", &o.label_file).complete = Complete::kFiles;
  t("annotation", 0, "key=value", "Add an annotation to the OCI configuration", &o.annotation);
  t("hostname", 'h', "name", "Host name inside the container", &o.hostname);
  t("workdir", 'w', "folder", "Working directory inside the container", &o.workdir);
  t("user", 'u', "user[:group]", "User, and group, of the command: names or ids of the container's own", &o.user).words = words::kUsers;
  Option& group_add = t("group-add", 0, "group", "One more group for the user; keep-groups: the caller's own", &o.group_add);
  group_add.comma = true;
  group_add.words = words::kGroups;
  t("umask", 0, "mask", "File mode mask, in octal", &o.umask);
  Option& tz = t("tz", 0, "zone", "Time zone, as Europe/Berlin; local is the host's", &o.tz);
  tz.words = words::kTimeZones;
  tz.complete = Complete::kTimeZones;
  t("passwd-entry", 0, "line", "The line for /etc/passwd, with $USERNAME, $UID, $GID, $NAME and $HOME", &o.passwd_entry);
  t("group-entry", 0, "line", "The line for /etc/group, with $GROUPNAME, $GID and $USERLIST", &o.group_entry);
  t("hostuser", 0, "name", "Add this user of the host to /etc/passwd", &o.hostuser).complete = Complete::kUsers;
  t("passwd", 0, "", "Add the user to /etc/passwd where the image does not know it", &o.passwd);
}

constexpr std::string_view kVolumeDetail =
    "SOURCE is a path of the host (/x, ./x), or a volume's name; without it the volume is an anonymous one. Options, by commas: ro, rw; "
    "exec, noexec, suid, nosuid (the default), dev, nodev (the default); [r]private (the default), [r]slave, [r]shared, [r]unbindable; "
    "bind, rbind (the default); copy (the default), nocopy: whether an empty volume gets what the image has there; U: give the files to "
    "the container's user; O: what is written is not kept, or with upperdir= and workdir= in these folders. z and Z, which are for "
    "SELinux, do nothing.";
constexpr std::string_view kMountDetail =
    "type is volume (the default), bind, tmpfs, ramfs, image, devpts or glob (each file of the host that matches). For all: target, "
    "readonly. For bind and volume the options of -v, as keys: bind-propagation=, bind-nonrecursive, U, nocopy; for volume and image "
    "subpath=; for image rw. For tmpfs: tmpfs-size=, tmpfs-mode=, notmpcopyup. For devpts: uid=, gid=, mode=, max=.";

void AddFiles(Table& t, engine::CreateOptions& o) {
  Option& volume = t("volume", 'v', "[source:]folder[:options]", "Mount a host folder or file, or a volume", &o.volume);
  volume.detail = kVolumeDetail;
  volume.complete = Complete::kVolumeSources;

  Option& mount = t("mount", 0, "type=...,...", "Mount by keys: type, source, target, readonly and more", &o.mount);
  mount.detail = kMountDetail;
  mount.words = words::kMountKeys;
  mount.keys = true;
  t("tmpfs", 0, "folder[:options]", "Mount an empty file system in memory", &o.tmpfs);
  t("volumes-from", 0, "container[:options]", "Mount the volumes of another container, all of them ro or rw if that is said", &o.volumes_from).complete = Complete::kContainers;
  Option& secret = t("secret", 0, "name[,key=value]", "Give the container a secret, as /run/secrets/NAME", &o.secret);
  secret.complete = Complete::kSecrets;
  secret.words = words::kSecretKeys;
  secret.keys = true;
  secret.detail = "Keys: target= (a path, or a name below /run/secrets), uid=, gid=, mode= (0444); or type=env with target=NAME for an environment variable.";
  t("device", 0, "path[:path][:rwm]", "Make a device node of the host, the nodes of a folder, or a CDI device (vendor.com/class=name) available", &o.device).complete = Complete::kFiles;
  t("gpus", 0, "all|name", "Make GPUs available: the CDI devices nvidia.com/gpu=NAME", &o.gpus).comma = true;
  t("read-only", 0, "", "Mount the root file system read-only", &o.read_only);
  t("read-only-tmpfs", 0, "", "With --read-only, keep /run, /tmp and /var/tmp writable", &o.read_only_tmpfs);
  t("shm-size", 0, "size", "Size of /dev/shm", &o.shm_size);
  t("shm-size-systemd", 0, "size", "Size of the file systems in memory that systemd gets: /run, /run/lock, /tmp and /var/log/journal", &o.shm_size_systemd);
  t("chrootdirs", 0, "folder", "Mount resolv.conf, hosts and hostname below this folder too", &o.chrootdirs).comma = true;
  t("image-volume", 0, "mode", "What the image's volumes become: bind, tmpfs or ignore", &o.image_volume).values = {"bind", "tmpfs", "ignore"};
}

void AddNetwork(Table& t, engine::CreateOptions& o) {
  Option& network = t("network", 0, "mode", "Network: slirp4netns[:options], pasta[:options], none, host, bridge or a network's name[:ip=,mac=,alias=], container:NAME, ns:PATH", &o.network);
  network.aliases = {"net"};
  network.complete = Complete::kNetworks;
  network.words = words::kNetworkModes;
  t("network-alias", 0, "name", "One more name on its bridge networks", &o.network_alias);
  t("ip", 0, "address", "Its IPv4 address on a bridge network", &o.ip);
  t("ip6", 0, "address", "Its IPv6 address on a bridge network", &o.ip6);
  t("mac-address", 0, "address", "Its hardware address on a bridge network", &o.mac_address);
  t("publish", 'p', "[[ip:][host]:]port[/protocol]", "Make a port of the container available on the host", &o.publish);
  t("publish-all", 'P', "", "Publish every exposed port on a free port of the host", &o.publish_all);
  t("expose", 0, "port[/protocol]", "Declare a port", &o.expose);
  t("dns", 0, "address", "Name server, in place of the host's; none keeps the image's resolv.conf", &o.dns).comma = true;
  t("dns-search", 0, "domain", "Search domain, in place of the host's", &o.dns_search).comma = true;
  Option& dns_option = t("dns-option", 0, "option", "Option for resolv.conf", &o.dns_option);
  dns_option.aliases = {"dns-opt"};
  dns_option.comma = true;
  t("add-host", 0, "name[;name]:address", "One more line for /etc/hosts", &o.add_host);
  t("no-hosts", 0, "", "Leave the image's /etc/hosts alone", &o.no_hosts);
  t("hosts-file", 0, "file", "What /etc/hosts begins with: a file, image or none, in place of the host's", &o.hosts_file).complete = Complete::kFiles;
  t("no-hostname", 0, "", "Leave the image's /etc/hostname alone", &o.no_hostname);
}

void AddIsolation(Table& t, engine::CreateOptions& o) {
  t("privileged", 0, "", "All capabilities in the container's own user namespace, the host's devices, no masks, no seccomp", &o.privileged);
  Option& cap_add = t("cap-add", 0, "capability", "Add a capability, or all", &o.cap_add);
  cap_add.comma = true;
  cap_add.words = words::kCapabilities;
  Option& cap_drop = t("cap-drop", 0, "capability", "Drop a capability, or all", &o.cap_drop);
  cap_drop.comma = true;
  cap_drop.words = words::kCapabilities;
  t("security-opt", 0, "option", "Part of the isolation: seccomp=file, seccomp=record:file, landlock=rules, no-new-privileges, mask=path, unmask=path, proc-opts=options, label=, apparmor=", &o.security_opt).words = words::kSecurityOptions;
  t("seccomp-policy", 0, "policy", "Where the seccomp profile comes from: default, or image, its label", &o.seccomp_policy).values = {"default", "image"};
  t("userns", 0, "mode", "User namespace: host, keep-id[:uid=,gid=,size=], nomap, auto[:size=,uidmapping=,gidmapping=], private, container:NAME, ns:PATH", &o.userns).words = words::kUserNamespaces;
  t("uidmap", 0, "inside:from[:count]", "Map users: ids inside the container to ids of your own namespace, where 0 is you", &o.uidmap).comma = true;
  t("gidmap", 0, "inside:from[:count]", "Map groups likewise; without it as users", &o.gidmap).comma = true;
  t("subuidname", 0, "name", "Map the subordinate user ids of this name, which is yours", &o.subuidname).complete = Complete::kUsers;
  t("subgidname", 0, "name", "Map the subordinate group ids of this name, which is yours", &o.subgidname).complete = Complete::kUsers;
  Option& pid = t("pid", 0, "mode", "PID namespace: private, host, container:NAME, ns:PATH", &o.pid);
  pid.values = {"private", "host"};
  pid.words = words::kOtherNamespaces;
  Option& ipc = t("ipc", 0, "mode", "IPC namespace and /dev/shm: shareable, private, none, host, container:NAME, ns:PATH", &o.ipc);
  ipc.values = {"shareable", "private", "none", "host"};
  ipc.words = words::kOtherNamespaces;
  Option& uts = t("uts", 0, "mode", "UTS namespace: private, host, container:NAME, ns:PATH", &o.uts);
  uts.values = {"private", "host"};
  uts.words = words::kOtherNamespaces;
  Option& cgroupns = t("cgroupns", 0, "mode", "Cgroup namespace: private, host, container:NAME, ns:PATH", &o.cgroupns);
  cgroupns.values = {"private", "host"};
  cgroupns.words = words::kOtherNamespaces;
  t("cgroups", 0, "mode", "Control group: enabled, disabled, no-conmon (none for its monitor), split (below the caller's own)", &o.cgroups).values = {"enabled", "disabled", "no-conmon", "split"};
  t("cgroup-parent", 0, "group", "Where the control group is made: a slice of systemd's, or a path below /sys/fs/cgroup", &o.cgroup_parent);
  t("ulimit", 0, "type=soft[:hard]", "Resource limit; host keeps the caller's", &o.ulimit).words = words::kUlimits;
  t("sysctl", 0, "name=value", "Kernel parameter of the container's namespaces", &o.sysctl);
  t("oom-score-adj", 0, "number", "How readily the kernel kills it when memory is short", &o.oom_score_adj);
  t("log-driver", 0, "driver", "Where output is kept: k8s-file, journald, none, or passthrough: the streams are the caller's own", &o.log_driver).values = {"k8s-file", "json-file", "journald", "none", "passthrough", "passthrough-tty"};
  t("log-opt", 0, "name=value", "Option of the log: path=, max-size=, tag=", &o.log_opt).words = words::kLogOptions;
}

}  // namespace

void AddHealthOptions(std::vector<Option>& into, engine::CreateOptions& o) {
  Table t(into);
  t("no-healthcheck", 0, "", "Leave the image's health check out", &o.no_healthcheck);
  t("health-cmd", 0, "command", "Check the container's health with this command, a line for its shell or a JSON list; none switches the check off", &o.health_cmd).aliases = {"healthcheck-command"};
  t("health-interval", 0, "duration", "Time between two checks (default 30s); disable: only with ctool healthcheck run", &o.health_interval).aliases = {"healthcheck-interval"};
  t("health-timeout", 0, "duration", "A check that takes longer has failed (default 30s)", &o.health_timeout).aliases = {"healthcheck-timeout"};
  t("health-start-period", 0, "duration", "For this long after the start failures don't count", &o.health_start_period).aliases = {"healthcheck-start-period"};
  t("health-retries", 0, "n", "So many failures in a row make unhealthy (default 3)", &o.health_retries).aliases = {"healthcheck-retries"};
  t("health-on-failure", 0, "action", "What to do with an unhealthy container: none, kill, restart or stop", &o.health_on_failure).values = {"none", "kill", "restart", "stop"};
  t("health-max-log-count", 0, "n", "Results to keep for inspect; 0: all", &o.health_max_log_count);
  t("health-max-log-size", 0, "bytes", "How much of a check's output to keep; 0: all", &o.health_max_log_size);
}

void AddFetchOptions(std::vector<Option>& into, engine::FetchOptions& o) {
  Table t(into);
  t("platform", 0, "os/arch[/variant]", "Platform of the image", &o.platform).words = words::kPlatforms;
  Option& arch = t("arch", 0, "arch", "Architecture of the image", &o.arch);
  arch.aliases = {"override-arch"};
  arch.words = words::kArchitectures;
  Option& os = t("os", 0, "os", "Operating system of the image", &o.os);
  os.aliases = {"override-os"};
  os.words = words::kSystems;
  t("variant", 0, "variant", "Variant of the architecture", &o.variant).aliases = {"override-variant"};
  AddRegistryOptions(into, o);
  Option& trust = t("disable-content-trust", 0, "", "Accepted for docker's sake", cli::Setter([](std::string_view) { return Ok(); }));
  trust.implied = "true";
  trust.hidden = true;
}

void AddCreateOptions(std::vector<Option>& into, engine::CreateOptions& o) {
  into.reserve(192);
  Table t(into);
  AddLifecycle(t, o);
  AddHealthOptions(into, o);
  AddProcess(t, o);
  AddFiles(t, o);
  AddNetwork(t, o);
  AddIsolation(t, o);
  AddLimitOptions(into, o.limits);
  AddRefusedOptions(into, o);
  t("pull", 0, "policy", "When to fetch the image: always, missing, never, newer", &o.pull).values = {"always", "missing", "never", "newer"};
  AddFetchOptions(into, o.fetch);
}

}  // namespace ctool
