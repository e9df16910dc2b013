// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/cdi.hpp"
#include "engine/container_secrets_internal.hpp"
#include "engine/fold_internal.hpp"
#include "engine/group.hpp"
#include "engine/runtime_mounts_internal.hpp"
#include "engine/sandbox_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/recorder.hpp"
#include "network/address.hpp"
#include "network/backend.hpp"
#include "network/forwarder.hpp"
#include "network/hosts.hpp"
#include "runtime/plan.hpp"
#include "seccomp/seccomp.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "sys/signals.hpp"
#include "sys/warn_once.hpp"

namespace ctool::engine {
namespace {

// The folder is ours alone and nobody reads these files before the monitor starts, so that they
// need no renames.
Status Write(const std::string& path, std::string_view text, mode_t mode) {
  sys::Fd fd = TRY(sys::Open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
  if (::fchmod(fd.get(), mode) < 0) return Error::Sys(errno, "fchmod", path);
  TRY(sys::WriteAll(fd.get(), text, path));
  return fd.Close(path);
}

// What the container's file begins with.
Result<std::string> BaseHosts(const ContainerSpec& spec) {
  const std::string& base = spec.hosts_file;
  if (base == "none") return std::string();
  if (base == "image") return ReadImageFile(spec, "/etc/hosts");
  Result<std::string> text = sys::ReadFile(base.empty() ? "/etc/hosts" : base);
  if (!text.ok() && base.empty()) return std::string();
  return text;
}

Status WriteHosts(const ContainerSpec& spec, const config::ContainersConf& conf, const std::vector<std::string>& addresses,
                  const std::string& host_address, const ContainerFiles& files) {
  if (spec.no_hosts) return Ok();
  network::HostsInput input;
  input.add_host = spec.add_host;
  input.base = TRY(BaseHosts(spec));
  if (spec.network_mode == "host") input.internal_ip = "127.0.0.1";
  else if (spec.network_mode != "none") input.internal_ip = conf.host_containers_internal_ip.value_or("");
  if (input.internal_ip.empty()) input.internal_ip = host_address;
  for (const std::string& own : addresses) input.own.push_back({own, {spec.hostname, spec.name}});
  return Write(files.bundle + "/hosts", TRY(network::MakeHosts(input)), 0644);
}

// The servers that a network has itself, and whether they know containers by name.
struct Resolver {
  std::vector<std::string> servers;
  bool ipv6 = false, answers_names = false;
  int networks = 0;  // that answer names
};

Status WriteResolvConf(const ContainerSpec& spec, const Resolver& resolver, const ContainerFiles& files) {
  network::ResolvConfInput input;
  input.host = TRY(network::ReadHostResolvConf());
  input.own_network = spec.network_mode != "host";
  input.ipv6 = resolver.ipv6;
  input.forwarders = resolver.servers;
  input.dns = spec.dns;
  input.searches = spec.dns_search;
  input.host_searches = !resolver.answers_names;
  // Older aardvark-dns answers NAME.dns.podman for the network alone in which it is asked, and NAME for all of the asker's.
  if (resolver.networks == 1 && input.searches.empty()) input.searches = {"dns.podman"};
  input.options = spec.dns_option;
  return Write(files.bundle + "/resolv.conf", TRY(network::MakeResolvConf(input)), 0644);
}

// Conflicts are found before anything is started: where the forwarder is ours, by itself.
Status PreparePorts(const ContainerSpec& spec, const network::Backend& backend, monitor::Config& config) {
  config.ports = spec.ports;
  const std::vector<network::PortMapping> ports = TRY(network::ParsePortMappings(spec.ports));
  if (network::IsForwardedByUs(backend, ports)) return Ok();
  Status free = network::CheckHostPorts(ports);
  if (!free.ok()) return std::move(free).error().As(Code::kNotExecutable);
  return Ok();
}

Status PrepareUserMode(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files,
                       const network::Backend& backend, monitor::Config& config) {
  TRY(network::CheckTunDevice());
  TRY(PreparePorts(spec, backend, config));
  std::vector<std::string> own = {backend.address.empty() ? backend.address6 : backend.address};
  if (own.front().empty()) own.clear();
  TRY(WriteHosts(spec, *TRY(engine.Conf()), own, backend.host_address, files));
  Resolver resolver{{}, backend.ipv6, false};
  if (!backend.dns.empty()) resolver.servers = {backend.dns};
  return WriteResolvConf(spec, resolver, files);
}

// The networks' own servers. Without names of its own a container's way out is slirp4netns' resolver.
Resolver ResolverOf(Engine& engine, const std::vector<JoinedNetwork>& networks) {
  Resolver resolver;
  for (const JoinedNetwork& network : networks) {
    if (!network.definition.dns) continue;
    resolver.answers_names = true;
    ++resolver.networks;
    for (const bridge::SubnetConfig& subnet : network.definition.subnets)
      if (!subnet.gateway.empty()) resolver.servers.push_back(subnet.gateway);
  }
  if (resolver.answers_names) return resolver;
  const Result<network::SharedFolder> folder = SharedNetworkFolder(engine);
  const Result<std::string> uplink = folder.ok() ? sys::ReadFile(folder->Resolver(), 64) : Result<std::string>(folder.error());
  if (uplink.ok() && !uplink->empty()) resolver.servers = {*uplink};
  return resolver;
}

// The addresses were taken when the sandbox was begun.
Status PrepareBridges(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files, monitor::Config& config) {
  const std::vector<JoinedNetwork> networks = JoinedNetworks(files.bundle);
  std::vector<std::string> addresses;
  for (const JoinedNetwork& network : networks)
    addresses.insert(addresses.end(), network.addresses.begin(), network.addresses.end());
  config.network.address = FirstIpv4(networks);
  TRY(PreparePorts(spec, {}, config));
  if (!spec.ports.empty() && config.network.address.empty())
    return Error(Code::kUnsupported, "cannot publish ports: none of the container's networks has IPv4 addresses");
  TRY(WriteHosts(spec, *TRY(engine.Conf()), addresses, network::HostAddress(), files));
  return WriteResolvConf(spec, ResolverOf(engine, networks), files);
}

// The other's own files: what is written to them in one container is seen in both.
Status ShareFiles(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files) {
  const std::string theirs = TRY(engine.RunDir(NetworkOwner(spec), false));
  for (const char* name : {"/hosts", "/resolv.conf"}) {
    const std::string own = files.bundle + name;
    if (::unlink(own.c_str()) < 0 && errno != ENOENT) return Error::Sys(errno, "remove", own);
    if (::link((theirs + name).c_str(), own.c_str()) < 0 && errno != ENOENT) return Error::Sys(errno, "link", own);
  }
  return Ok();
}

// Files for the network, and what the monitor does once it is up.
Status PrepareNetwork(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files,
                      const network::Backend& backend, monitor::Config& config) {
  config.network = backend;
  if (!backend.name.empty()) return PrepareUserMode(engine, spec, files, backend, config);
  if (spec.network_mode == "bridge") return PrepareBridges(engine, spec, files, config);
  if (!NetworkOwner(spec).empty()) return ShareFiles(engine, spec, files);
  std::vector<std::string> own;
  if (spec.network_mode != "host") own = {"127.0.0.1"};
  TRY(WriteHosts(spec, *TRY(engine.Conf()), own, "", files));
  return WriteResolvConf(spec, {}, files);
}

std::string ContainerEnv(const ContainerSpec& spec) {
  if (!spec.privileged) return "";
  return "engine=\"podman-" CTOOL_VERSION "\"\nname=" + Quote(spec.name) + "\nid=\"" + spec.id + "\"\nimage=" +
         Quote(spec.image_name) + "\nimageid=\"" + spec.image_id + "\"\nrootless=1\n";
}

// Nothing: the built-in one.
Result<std::optional<std::string>> ProfileText(const ContainerSpec& spec) {
  if (!spec.seccomp_profile.empty()) return std::optional(spec.seccomp_profile);
  if (spec.seccomp == "default") return seccomp::ReadAdminProfile();
  return std::optional(TRY(seccomp::ReadProfile(spec.seccomp)));
}

// What is refused anyway stays refused while the rest is recorded.
Status PrepareRecording(const ContainerSpec& spec, const ContainerFiles& files, bool single_id, spec::RuntimeSpec& config) {
  std::optional<seccomp::Profile> profile;
  if (spec.seccomp != "unconfined") {
    std::optional<std::string> text = TRY(ProfileText(spec));
    if (single_id) text = TRY(seccomp::PretendOwnership(text));
    profile = TRY(seccomp::ParseProfile(text ? *text : seccomp::DefaultProfileText()));
  }
  const seccomp::Recording recording = TRY(seccomp::CompileRecording(profile, spec.bounding));
  TRY(Write(monitor::RecordPlanFile(files.bundle), recording.plan, 0600));
  const std::string path = files.bundle + "/seccomp.bpf";
  TRY(Write(path, recording.program, 0600));
  config.annotations[runtime::kSeccompAnnotation] = path;
  config.annotations[runtime::kListenerAnnotation] = "1";
  return Ok();
}

Status PrepareSeccomp(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files, bool single_id, spec::RuntimeSpec& config) {
  if (!spec.seccomp_record.empty()) return PrepareRecording(spec, files, single_id, config);
  if (spec.seccomp == "unconfined") return Ok();
  std::optional<std::string> profile = TRY(ProfileText(spec));
  if (single_id) profile = TRY(seccomp::PretendOwnership(profile));
  const std::string cache = TRY(engine.Store())->root() + "/cache/seccomp";
  const std::string path = files.bundle + "/seccomp.bpf";
  TRY(Write(path, TRY(seccomp::CompileCached(cache, profile, spec.bounding)), 0600));
  config.annotations[runtime::kSeccompAnnotation] = path;
  return Ok();
}

// systemd waits to be told by us, or by the container's processes.
void PassNotifySocket(const ContainerSpec& spec, spec::RuntimeSpec& out, monitor::Config& config) {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  if (socket == nullptr || *socket == '\0' || spec.sdnotify == "ignore") return;
  config.notify_socket = socket;
  config.notify_ready = spec.sdnotify == "conmon";
  if (config.notify_ready) return;
  // One that is no file is reached from the host's network namespace only.
  if (*socket == '/') {
    constexpr char kInside[] = "/run/notify/notify.sock";
    out.mounts.push_back({kInside, "bind", socket, {"bind", "rprivate", "nosuid", "nodev", "x-ctool-optional"}});
    AddEnv(out.process.env, std::string("NOTIFY_SOCKET=") + kInside);
  } else if (spec.network_mode == "host") {
    AddEnv(out.process.env, std::string("NOTIFY_SOCKET=") + socket);
  }
}

void WarnOfSingleId(const std::string& run_root, const userns::IdMap& map) {
  if (map.single_id)
    sys::WarnOnce(run_root, "ids", map.degraded_reason + "; only one id is mapped" + (map.degraded_hint.empty() ? "" : " (" + map.degraded_hint + "; see: ctool doctor)"));
}

}  // namespace

Status RewriteResolvConf(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files) {
  return WriteResolvConf(spec, ResolverOf(engine, JoinedNetworks(files.bundle)), files);
}

// The check is a process like the container's own, with its user, environment, capabilities and filter.
Status PrepareHealth(const ContainerSpec& spec, const ContainerFiles& files, const spec::RuntimeSpec& config, monitor::Config& into) {
  into.health = {};
  if (!HasHealthCheck(spec)) return Ok();
  const spec::HealthCheck& check = *spec.healthcheck;
  spec::RuntimeSpec process;
  process.root_path = "/";
  process.namespaces = config.namespaces;
  process.annotations = config.annotations;
  for (const char* account : {runtime::kPasswdAnnotation, runtime::kGroupAnnotation}) process.annotations.erase(account);
  process.process = ProcessOf(spec);
  process.process.env = config.process.env;  // with secrets, which the record does not have
  process.process.terminal = false;
  process.process.args = {check.test.begin() + 1, check.test.end()};
  if (check.test[0] == "CMD-SHELL") process.process.args.insert(process.process.args.begin(), {"/bin/sh", "-c"});
  into.health.process = files.bundle + "/health-process.json";
  into.health.interval_ns = check.interval;
  into.health.timeout_ns = check.timeout;
  into.health.start_period_ns = check.start_period;
  into.health.retries = check.retries;
  into.health.on_failure = spec.health_on_failure;
  into.health.max_log_count = spec.health_max_log_count;
  into.health.max_log_size = spec.health_max_log_size;
  return Write(into.health.process, process.Print(), 0600);
}

Status WriteBundle(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files, const monitor::Sandbox& sandbox) {
  TRY(sys::MakeDirs(files.Merged(), 0700));
  const userns::IdMap& map = sandbox.map;
  monitor::Config config;
  const std::string& run_root = TRY(engine.Paths())->run_root;
  WarnOfSingleId(run_root, map);
  storage::Store& store = *TRY(engine.Store());
  const std::string program = TRY(engine.Program("ctool-monitor"));
  TRY(PrepareOverlays(spec, files));
  spec::RuntimeSpec runtime_spec =
      TRY(MakeRuntimeSpec(spec, files, map, store.root() + "/volumes", spec.init_path.empty() ? program : spec.init_path));
  TRY(ApplyCdi(engine, spec.cdi_devices, runtime_spec));
  TRY(AddSecretEnv(engine, spec, runtime_spec.process.env));
  if (!sandbox.store.uids.empty()) runtime_spec.annotations[runtime::kForeignIdsAnnotation] = "1";
  runtime_spec.annotations[runtime::kRunRootAnnotation] = run_root;
  PassNotifySocket(spec, runtime_spec, config);
  TRY(PrepareSeccomp(engine, spec, files, map.single_id, runtime_spec));
  TRY(PrepareNetwork(engine, spec, files, sandbox.network, config));
  TRY(Write(files.bundle + "/hostname", spec.hostname, 0644));
  TRY(Write(files.bundle + "/containerenv", ContainerEnv(spec), 0644));

  config.id = spec.id;
  config.run_dir = files.bundle;
  config.exit_file = files.Exit();
  config.record = spec.seccomp_record;
  config.name = spec.name;
  config.events_log = TRY(engine.EventsLog());
  config.event = EventOf(spec);
  config.log_driver = spec.log_driver;
  config.log_path = spec.log_driver == "journald" ? kJournalSocket : spec.log_path;
  config.log_tag = TRY(ExpandLogTag(spec));
  config.log_max_size = spec.log_max_size;
  // Looked for only when the kernel's overlay has refused; the search is a few failed stats.
  const Result<std::string> fuse = sys::FindProgram("fuse-overlayfs", sys::ProgramPath());
  if (fuse.ok()) config.fuse_overlayfs = *fuse;
  config.timeout_seconds = spec.timeout;
  config.restart_policy = spec.restart_policy;
  config.restart_retries = spec.restart_retries;
  config.pid_file = spec.pid_file;
  config.monitor_pid_file = spec.monitor_pid_file;
  config.stop_signal = sys::ParseSignal(spec.stop_signal).value_or(SIGTERM);
  config.stop_timeout_seconds = spec.stop_timeout;
  TRY(PrepareHealth(spec, files, runtime_spec, config));
  TRY(PrepareLimits(spec, sandbox.group, config));
  config.cleanup = {TRY(sys::ReadLinkAt(AT_FDCWD, "/proc/self/exe"))};
  for (std::string& argument : TRY(engine.GlobalArguments())) config.cleanup.push_back(std::move(argument));
  config.cleanup.insert(config.cleanup.end(), {"container", "cleanup", spec.id});
  TRY(Write(files.bundle + "/monitor.json", config.Print(), 0600));
  return Write(files.bundle + "/config.json", runtime_spec.Print(), 0600);
}

}  // namespace ctool::engine
