// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

// What shells offer and man pages explain for options that take one of some words, or keys with
// values. Constant data: a start pays nothing for it.
namespace ctool::words {

using cli::Complete;
using cli::Word;

inline constexpr Word kContainerFilters[] = {
    {"ancestor=", "made from this image, or from one that was made from it", Complete::kImages},
    {"before=", "made before this container", Complete::kContainers},
    {"command=", "with this command"},
    {"exited=", "ended with this status"},
    {"health=", "with this health"},
    {"health=starting"}, {"health=healthy"}, {"health=unhealthy"},
    {"id=", "whose id begins so, or matches the expression"},
    {"label=", "with this label, KEY or KEY=VALUE"},
    {"label!=", "without this label"},
    {"name=", "whose name matches the expression", Complete::kContainers},
    {"network=", "on this network", Complete::kNetworks},
    {"restart-policy=", "with this policy"},
    {"restart-policy=always"}, {"restart-policy=no"}, {"restart-policy=on-failure"},
    {"restart-policy=unless-stopped"},
    {"since=", "made after this container", Complete::kContainers},
    {"status=", "in this state"},
    {"status=created"}, {"status=exited"}, {"status=initialized"}, {"status=paused"},
    {"status=running"}, {"status=stopped"},
    {"until=", "made before this time, or so long ago: 2h"},
    {"volume=", "that mounts this volume, or something there", Complete::kVolumes},
};
inline constexpr Word kImageFilters[] = {
    {"after=", "made after this image", Complete::kImages},
    {"before=", "made before this image", Complete::kImages},
    {"containers=", "used by containers"},
    {"containers=false"}, {"containers=true"},
    {"dangling=", "without a name"},
    {"dangling=false"}, {"dangling=true"},
    {"digest=", "with this digest"},
    {"id=", "whose id begins so"},
    {"intermediate=", "without a name, and another image's parent"},
    {"intermediate=false"}, {"intermediate=true"},
    {"label=", "with this label, KEY or KEY=VALUE"},
    {"reference=", "whose name matches the pattern", Complete::kImages},
    {"since=", "made after this image", Complete::kImages},
    {"until=", "made before this time, or so long ago: 2h"},
};
inline constexpr Word kVolumeFilters[] = {
    {"anonymous=", "made for a container, without a name"},
    {"anonymous=false"}, {"anonymous=true"},
    {"dangling=", "that no container uses"},
    {"dangling=false"}, {"dangling=true"},
    {"driver=", "kept by this driver"},
    {"driver=local"},
    {"label=", "with this label, KEY or KEY=VALUE"},
    {"label!=", "without this label"},
    {"name=", "whose name matches the expression", Complete::kVolumes},
    {"opt=", "made with this option"},
    {"scope=", "with this scope"},
    {"scope=local"},
    {"since=", "made after this volume", Complete::kVolumes},
    {"until=", "made before this time, or so long ago: 2h"},
};
inline constexpr Word kNetworkFilters[] = {
    {"dangling=", "that no container uses"},
    {"dangling=false"}, {"dangling=true"},
    {"driver=", "of this kind"},
    {"driver=bridge"},
    {"id=", "whose id begins so, or matches the expression"},
    {"label=", "with this label, KEY or KEY=VALUE"},
    {"label!=", "without this label"},
    {"name=", "whose name matches the expression", Complete::kNetworks},
    {"until=", "made before this time, or so long ago: 2h"},
};
inline constexpr Word kSecretFilters[] = {
    {"id=", "whose id begins so"},
    {"name=", "whose name begins so", Complete::kSecrets},
};
inline constexpr Word kPruneFilters[] = {
    {"label=", "with this label, KEY or KEY=VALUE"},
    {"label!=", "without this label"},
    {"until=", "made before this time, or so long ago: 2h"},
};
inline constexpr Word kVolumePruneFilters[] = {
    {"anonymous=", "made for a container, without a name"},
    {"anonymous=false"}, {"anonymous=true"},
    {"label=", "with this label, KEY or KEY=VALUE"},
    {"label!=", "without this label"},
    {"name=", "whose name matches the expression", Complete::kVolumes},
    {"since=", "made after this volume", Complete::kVolumes},
    {"until=", "made before this time, or so long ago: 2h"},
};
inline constexpr Word kEventFilters[] = {
    {"container=", "of this container", Complete::kContainers},
    {"event=", "of this kind"},
    {"event=attach"}, {"event=commit"}, {"event=create"}, {"event=died"}, {"event=exec"},
    {"event=export"}, {"event=health_status"}, {"event=init"}, {"event=kill"}, {"event=mount"},
    {"event=pause"}, {"event=pull"}, {"event=push"}, {"event=remove"}, {"event=rename"},
    {"event=restart"}, {"event=start"}, {"event=stop"}, {"event=tag"}, {"event=unmount"},
    {"event=unpause"}, {"event=untag"},
    {"image=", "of this image", Complete::kImages},
    {"label=", "of what has this label"},
    {"type=", "of this kind of object"},
    {"type=container"}, {"type=image"}, {"type=network"}, {"type=secret"}, {"type=volume"},
    {"volume=", "of this volume", Complete::kVolumes},
};
inline constexpr Word kSearchFilters[] = {
    {"is-automated=", "built by the registry"},
    {"is-automated=false"}, {"is-automated=true"},
    {"is-official=", "published by the registry itself"},
    {"is-official=false"}, {"is-official=true"},
    {"stars=", "with so many stars, or more"},
};

// Behind --format of lists: the fields that make up their tables.
inline constexpr Word kJson[] = {{"json"}};
inline constexpr Word kPsFormats[] = {
    {"json"}, {"table"}, {"{{.Command}}"}, {"{{.Created}}"}, {"{{.CreatedAt}}"}, {"{{.ExitCode}}"},
    {"{{.ID}}"}, {"{{.Image}}"}, {"{{.ImageID}}"}, {"{{.Labels}}"}, {"{{.Mounts}}"},
    {"{{.Names}}"}, {"{{.Networks}}"}, {"{{.Pid}}"}, {"{{.Ports}}"}, {"{{.Restarts}}"},
    {"{{.RunningFor}}"}, {"{{.Size}}"}, {"{{.State}}"}, {"{{.Status}}"},
};
inline constexpr Word kImagesFormats[] = {
    {"json"}, {"table"}, {"{{.Created}}"}, {"{{.CreatedAt}}"}, {"{{.CreatedSince}}"},
    {"{{.Digest}}"}, {"{{.History}}"}, {"{{.ID}}"}, {"{{.Labels}}"}, {"{{.Repository}}"},
    {"{{.Size}}"}, {"{{.Tag}}"},
};
inline constexpr Word kHistoryFormats[] = {
    {"json"}, {"table"}, {"{{.Comment}}"}, {"{{.Created}}"}, {"{{.CreatedAt}}"},
    {"{{.CreatedBy}}"}, {"{{.CreatedSince}}"}, {"{{.ID}}"}, {"{{.Size}}"},
};
inline constexpr Word kVolumeFormats[] = {
    {"json"}, {"table"}, {"{{.Anonymous}}"}, {"{{.CreatedAt}}"}, {"{{.Driver}}"}, {"{{.Labels}}"},
    {"{{.MountCount}}"}, {"{{.Mountpoint}}"}, {"{{.Name}}"}, {"{{.Options}}"}, {"{{.Scope}}"},
};
inline constexpr Word kNetworkFormats[] = {
    {"json"}, {"table"}, {"{{.Created}}"}, {"{{.DNSEnabled}}"}, {"{{.Driver}}"}, {"{{.ID}}"},
    {"{{.Internal}}"}, {"{{.Labels}}"}, {"{{.Name}}"}, {"{{.NetworkInterface}}"}, {"{{.Subnets}}"},
};
inline constexpr Word kSecretFormats[] = {
    {"json"}, {"table"}, {"{{.CreatedAt}}"}, {"{{.Driver}}"}, {"{{.ID}}"}, {"{{.Name}}"},
    {"{{.UpdatedAt}}"},
};
inline constexpr Word kStatsFormats[] = {
    {"json"}, {"table"}, {"{{.BlockIO}}"}, {"{{.CPUPerc}}"}, {"{{.ID}}"}, {"{{.MemPerc}}"},
    {"{{.MemUsage}}"}, {"{{.Name}}"}, {"{{.NetIO}}"}, {"{{.PIDS}}"},
};
inline constexpr Word kEventFormats[] = {
    {"json"}, {"{{.Attributes}}"}, {"{{.ID}}"}, {"{{.Image}}"}, {"{{.Name}}"}, {"{{.Status}}"},
    {"{{.Time}}"}, {"{{.Type}}"},
};
inline constexpr Word kDfFormats[] = {
    {"json"}, {"table"}, {"{{.Active}}"}, {"{{.Reclaimable}}"}, {"{{.Size}}"}, {"{{.Total}}"},
    {"{{.Type}}"},
};
inline constexpr Word kSearchFormats[] = {
    {"json"}, {"table"}, {"{{.Description}}"}, {"{{.Index}}"}, {"{{.Name}}"}, {"{{.Official}}"},
    {"{{.Stars}}"}, {"{{.Tag}}"},
};
inline constexpr Word kArtifactFormats[] = {
    {"json"}, {"table"}, {"{{.CreatedAt}}"}, {"{{.Digest}}"}, {"{{.Repository}}"}, {"{{.Size}}"},
    {"{{.Tag}}"},
};
inline constexpr Word kInspectFormats[] = {
    {"json"}, {"{{.Config.Cmd}}"}, {"{{.Config.Image}}"}, {"{{.HostConfig.Binds}}"}, {"{{.Id}}"},
    {"{{.Mounts}}"}, {"{{.Name}}"}, {"{{.NetworkSettings.IPAddress}}"},
    {"{{.NetworkSettings.Ports}}"}, {"{{.State.ExitCode}}"}, {"{{.State.Pid}}"},
    {"{{.State.Status}}"},
};

inline constexpr Word kSignals[] = {
    {"HUP", "1"}, {"INT", "2"}, {"QUIT", "3"}, {"ABRT", "6"}, {"KILL", "9, which cannot be caught"},
    {"USR1", "10"}, {"USR2", "12"}, {"PIPE", "13"}, {"ALRM", "14"}, {"TERM", "15"}, {"CHLD", "17"},
    {"CONT", "18"}, {"STOP", "19, which cannot be caught"}, {"TSTP", "20"}, {"TTIN", "21"},
    {"TTOU", "22"}, {"URG", "23"}, {"WINCH", "28"}, {"IO", "29"}, {"PWR", "30"}, {"SYS", "31"},
    {"RTMIN+3", "how systemd is asked to end"},
};
inline constexpr Word kCapabilities[] = {
    {"all"}, {"AUDIT_CONTROL"}, {"AUDIT_READ"}, {"AUDIT_WRITE"}, {"BLOCK_SUSPEND"}, {"BPF"},
    {"CHECKPOINT_RESTORE"}, {"CHOWN"}, {"DAC_OVERRIDE"}, {"DAC_READ_SEARCH"}, {"FOWNER"},
    {"FSETID"}, {"IPC_LOCK"}, {"IPC_OWNER"}, {"KILL"}, {"LEASE"}, {"LINUX_IMMUTABLE"},
    {"MAC_ADMIN"}, {"MAC_OVERRIDE"}, {"MKNOD"}, {"NET_ADMIN"}, {"NET_BIND_SERVICE"},
    {"NET_BROADCAST"}, {"NET_RAW"}, {"PERFMON"}, {"SETFCAP"}, {"SETGID"}, {"SETPCAP"}, {"SETUID"},
    {"SYSLOG"}, {"SYS_ADMIN"}, {"SYS_BOOT"}, {"SYS_CHROOT"}, {"SYS_MODULE"}, {"SYS_NICE"},
    {"SYS_PACCT"}, {"SYS_PTRACE"}, {"SYS_RAWIO"}, {"SYS_RESOURCE"}, {"SYS_TIME"},
    {"SYS_TTY_CONFIG"}, {"WAKE_ALARM"},
};
inline constexpr Word kNetworkModes[] = {
    {"bridge", "the default network with a name"},
    {"container:", "the network of another container", Complete::kActiveContainers},
    {"host", "the host's own network"},
    {"none", "loopback only"},
    {"ns:", "a network namespace, by its file", Complete::kFiles},
    {"pasta", "by pasta, which takes the host's addresses"},
    {"pasta:", "the same with options of pasta's"},
    {"private", "the default"},
    {"slirp4netns", "by slirp4netns"},
    {"slirp4netns:", "the same with options: allow_host_loopback=true, mtu=1500"},
};
inline constexpr Word kUserNamespaces[] = {
    {"auto", "a range of its own for this container"},
    {"auto:", "the same with size=, uidmapping=, gidmapping="},
    {"container:", "the user namespace of another container", Complete::kActiveContainers},
    {"host", "root in the container is you"},
    {"keep-id", "you have your own id in the container"},
    {"keep-id:", "the same with uid=, gid=, size="},
    {"nomap", "your own id is not in the container"},
    {"ns:", "a user namespace, by its file", Complete::kFiles},
    {"private", "a range of its own"},
};
inline constexpr Word kOtherNamespaces[] = {
    {"container:", "that of another container", Complete::kActiveContainers},
    {"ns:", "by its file", Complete::kFiles},
};
inline constexpr Word kMountKeys[] = {
    {"type="},       {"type=bind"},   {"type=volume"}, {"type=tmpfs"},       {"type=image"},
    {"type=devpts"}, {"type=glob"},   {"type=ramfs"},  {"source=", {}, Complete::kVolumes},
    {"target="},     {"readonly"},    {"subpath="},    {"bind-propagation="}, {"tmpfs-size="},
    {"tmpfs-mode="}, {"notmpcopyup"}, {"U"},           {"nocopy"},
};
inline constexpr Word kSecretKeys[] = {
    {"type="}, {"type=env"}, {"type=mount"}, {"target="}, {"uid="}, {"gid="}, {"mode="},
};
inline constexpr Word kBuildSecretKeys[] = {
    {"id=", "how RUN asks for it"}, {"src=", "the file that has it", Complete::kFiles},
    {"env=", "the variable that has it", Complete::kEnvironment}, {"type="}, {"type=env"}, {"type=file"},
};
inline constexpr Word kAgents[] = {{"default", "that of SSH_AUTH_SOCK"}, {"default=", "by its socket", Complete::kFiles}};
inline constexpr Word kBuildOutputs[] = {
    {"-", "a tar archive on the standard output"}, {"type=", "what is written"}, {"type=local", "a folder"},
    {"type=tar", "an archive of the files"}, {"type=oci", "an archive of the image"},
    {"type=docker", "the same for docker load"}, {"dest=", "where", Complete::kFiles},
};
inline constexpr Word kCacheSources[] = {
    {"type="}, {"type=local", "a folder"}, {"type=registry", "a repository"}, {"ref=", "the repository", Complete::kRemoteImages},
    {"src=", "the folder", Complete::kDirectories},
};
inline constexpr Word kCacheTargets[] = {
    {"type="}, {"type=local", "a folder"}, {"type=registry", "a repository"}, {"ref=", "the repository", Complete::kRemoteImages},
    {"dest=", "the folder", Complete::kDirectories},
};
inline constexpr Word kSecurityOptions[] = {
    {"landlock=", "put it behind these rules of Landlock"},
    {"mask=", "hide this path too"},
    {"no-new-privileges", "a program's set-user-id bit does nothing"},
    {"proc-opts=", "options of /proc: hidepid=2"},
    {"seccomp=", "the system calls of this profile", Complete::kFiles},
    {"seccomp=record:", "write a profile of the calls that are made", Complete::kFiles},
    {"seccomp=unconfined", "all system calls"},
    {"unmask=", "show a path that is hidden else, or ALL"},
};
inline constexpr Word kUlimits[] = {
    {"host"}, {"core="}, {"cpu="}, {"data="}, {"fsize="}, {"locks="}, {"memlock="}, {"msgqueue="},
    {"nice="}, {"nofile="}, {"nproc="}, {"rss="}, {"rtprio="}, {"rttime="}, {"sigpending="},
    {"stack="},
};
inline constexpr Word kLogOptions[] = {
    {"max-size=", "begin anew when the log is so large: 10mb"},
    {"path=", "file of the log", Complete::kFiles},
    {"tag=", "a template for the journal's CONTAINER_TAG"},
};
inline constexpr Word kUsers[] = {{"root"}, {"nobody"}};
inline constexpr Word kGroups[] = {{"keep-groups", "those of the caller"}};
inline constexpr Word kTimeZones[] = {{"local", "that of the host"}};
inline constexpr Word kPlatforms[] = {
    {"linux/386"}, {"linux/amd64"}, {"linux/arm/v6"}, {"linux/arm/v7"}, {"linux/arm64"},
    {"linux/ppc64le"}, {"linux/riscv64"}, {"linux/s390x"},
};
inline constexpr Word kArchitectures[] = {
    {"386"}, {"amd64"}, {"arm"}, {"arm64"}, {"ppc64le"}, {"riscv64"}, {"s390x"},
};
inline constexpr Word kSystems[] = {{"linux"}, {"windows"}};
inline constexpr Word kChanges[] = {
    {"CMD="}, {"ENTRYPOINT="}, {"ENV="}, {"EXPOSE="}, {"LABEL="}, {"ONBUILD="}, {"STOPSIGNAL="},
    {"USER="}, {"VOLUME="}, {"WORKDIR="},
};

}  // namespace ctool::words
