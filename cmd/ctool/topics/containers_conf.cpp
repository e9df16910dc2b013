// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

namespace ctool {

constinit const cli::Topic kContainersConfTopic = {
    .name = "containers.conf",
    .section = "5",
    .summary = "defaults for containers: the keys that ctool honours",
    .prose = R"prose(
containers.conf is the file of defaults that podman and its relatives share, in TOML. ctool honours the keys below;
others are passed over (--log-level=debug names them), so that one file does for all tools. A value of a wrong type is
an error, with its line. An option of the command line wins over the file.

The first of these main files counts: ~/.config/containers/containers.conf, /etc/containers/containers.conf,
/usr/share/containers/containers.conf. Then all files *.conf of the folders containers.conf.d beside them are read,
sorted by name; of two with one name that of the higher folder. A later value replaces an earlier one; a list that
ends in {append=true} is added to. CONTAINERS_CONF names the only file, CONTAINERS_CONF_OVERRIDE one that is read
last.

    [containers]
    log_driver = "journald"
    env = ["EDITOR=vi", {append=true}]

    [network]
    default_rootless_network_cmd = "pasta"

# Keys of [containers]
annotations :: A list of KEY=VALUE: annotations of each container.
base_hosts_file :: What /etc/hosts begins with: a path, "image" or "none".
cgroups :: "enabled", "disabled", "no-conmon" or "split".
default_capabilities :: A list: what a container may do that asks for nothing. --cap-add and --cap-drop change it.
default_sysctls :: A list of NAME=VALUE.
default_ulimits :: A list of TYPE=SOFT:HARD.
dns_options, dns_searches, dns_servers :: Lists for /etc/resolv.conf.
env :: A list of NAME=VALUE: variables of each container.
env_host :: true: pass the caller's environment on.
host_containers_internal_ip :: The address of the name host.containers.internal.
http_proxy :: false: do not pass proxy variables on.
init, init_path :: Run an init as the first process; which one.
log_driver, log_path, log_size_max, log_tag :: The log: driver, folder, size in bytes, tag.
netns :: The network, as --network has it.
no_hosts :: true: leave /etc/hosts alone.
pids_limit :: Most processes of a container.
privileged :: true: as --privileged.
read_only :: true: root file systems are read-only.
seccomp_profile :: A file with the profile to use.
shm_size :: The size of /dev/shm.
strict_limits :: ctool's own: true makes a limit that can't be applied an error.
tz :: The time zone, or "local".
umask :: In octal.
userns :: The user namespace, as --userns has it.
volumes :: A list, as -v has it.

# Keys of [engine]
cdi_spec_dirs :: Where descriptions of devices (CDI) are.
cgroup_manager :: "systemd" or "cgroupfs".
events_logger :: "file" or "none"; "journald" means file.
helper_binaries_dir :: Where netavark, aardvark-dns and their like are looked for first.
network_cmd_options :: Options for slirp4netns.
network_cmd_path :: slirp4netns itself.
stop_timeout :: Seconds between the stop signal and SIGKILL.

# Keys of [network]
default_rootless_network_cmd :: "slirp4netns" (the default) or "pasta".
pasta_options :: Options for pasta.
)prose"};

}  // namespace ctool
