// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "bridge/attachment.hpp"
#include "cgroup/limits.hpp"
#include "engine/id_mappings.hpp"
#include "spec/image.hpp"
#include "spec/runtime.hpp"

namespace ctool::engine {

struct ContainerMount {
  std::string type;         // "bind", "volume", "tmpfs", "ramfs", "devpts", "image"
  std::string name;         // of a volume
  std::string source;       // host path; an image as it was typed
  std::string destination;  // in the container
  std::vector<std::string> options;
  bool anonymous = false;   // a volume that goes with the container
  std::string subpath = {};          // below a volume or image
  std::string image_id = {};         // of an image, with
  std::vector<std::string> layers = {};  // its folders, top first
  std::map<std::string, std::string> volume_options = {};  // of a volume, as it was made
};

// What a container is given of a secret; not what it holds.
struct ContainerSecret {
  std::string name, id;
  std::string type;    // "mount", "env"
  std::string target;  // a path; a variable's name
  int64_t uid = 0, gid = 0, mode = 0;
};

// A container as it was asked for, with every default filled in: what the record keeps, inspect
// shows and the bundle is made from.
struct ContainerSpec {
  std::string id, name, image_id, image_name, image_digest;
  int64_t created = 0;  // wall ns
  std::vector<std::string> layers;  // lower folders, top first
  std::string rootfs;               // --rootfs: a folder of the host, and no image
  bool rootfs_overlay = false;      // it stays as it is
  std::vector<std::string> dependencies;  // ids of containers that are started first, and outlive it

  std::vector<std::string> entrypoint, command;  // argv is their concatenation
  std::vector<std::string> env;
  std::string working_dir;
  bool create_working_dir = false;  // it is the image's, so it is made if missing
  std::string user;
  std::vector<std::string> group_add;
  std::string hostname;
  bool tty = false, interactive = false, init = false;
  std::map<std::string, std::string> labels, annotations;
  std::string umask;
  std::string timezone;  // "Europe/Berlin", "local", "": the image's
  bool passwd = true;    // an unknown user gets a line in /etc/passwd
  std::vector<std::string> host_users;    // lines for it: name:*:uid:gid:gecos:home:/bin/sh
  std::string passwd_entry, group_entry;  // templates of the line
  std::string personality;                // "LINUX32"
  std::string init_path;                  // of a program of the host; empty: ours
  std::vector<std::string> chrootdirs;
  std::optional<int> oom_score_adj;

  std::string stop_signal;  // "SIGTERM"
  int64_t stop_timeout = 10, timeout = 0;
  bool systemd = false;            // prepared for systemd as the command
  std::string sdnotify = "container";  // "container", "conmon", "ignore"
  bool auto_remove = false;
  bool remove_image = false;  // --rmi: its name is taken from the image with the container
  std::string restart_policy;  // "", "no", "on-failure", "always", "unless-stopped"
  int64_t restart_retries = 0;

  std::vector<ContainerMount> mounts;
  std::vector<std::string> volumes_from;  // as typed
  bool read_only = false, read_only_tmpfs = true;
  int64_t shm_size = 65536 << 10;
  int64_t shm_size_systemd = 0;  // of what systemd writes to; 0: no limit of its own
  std::vector<ContainerSecret> secrets;
  std::vector<std::string> cdi_devices;  // "vendor.com/class=name"
  std::vector<std::string> devices;  // "/dev/fuse", "/dev/x:/dev/y:rw"

  std::string network;          // what the user typed; "" is the default
  std::string network_mode;     // "none", "host", "slirp4netns", "pasta", "bridge", "container:ID", "ns:PATH"
  std::vector<bridge::Attachment> networks;  // of mode "bridge"
  std::string network_options;  // after the colon
  bool publishes = false;            // -p or -P was given
  std::vector<std::string> ports;    // as published: podman's -p, one mapping each
  std::vector<std::string> exposed;  // "80/tcp"
  bool publish_all = false;          // what it chose is in ports
  std::vector<std::string> dns, dns_search, dns_option, add_host;
  bool no_hosts = false, no_hostname = false;
  std::string hosts_file;  // in place of the host's /etc/hosts; "image", "none"

  std::string pid_mode, ipc_mode, uts_mode, cgroupns_mode, userns_mode;
  IdMappings id_mappings;    // empty: the user's default map
  bool keep_groups = false;  // --group-add keep-groups
  bool privileged = false, no_new_privileges = false;
  std::vector<std::string> cap_add, cap_drop;        // as typed
  std::vector<std::string> bounding, ambient;        // effective result
  std::vector<std::string> security_opt;
  std::string seccomp = "default";  // "default", "unconfined", or a path
  std::string seccomp_profile;      // the text of one, in place of the default's
  std::string seccomp_record;       // a file for a profile of what the container does
  std::string landlock;             // runtime::Landlock::Print
  std::string apparmor, selinux;    // profile and label of its processes
  std::vector<std::string> proc_options;  // of the mount of /proc
  std::vector<std::string> masked_paths, readonly_paths;
  bool cgroups_writable = false;    // /sys/fs/cgroup is unmasked
  std::vector<spec::Rlimit> rlimits;
  std::map<std::string, std::string> sysctls;
  cgroup::Limits limits;
  bool strict_limits = false;   // one that can't be had is an error
  std::string cgroups_mode;     // "enabled", "disabled", "no-conmon", "split"
  std::string cgroup_manager, cgroup_parent;  // as asked for

  std::string log_driver = "k8s-file", log_path, log_tag;
  int64_t log_max_size = -1;
  std::string cidfile, pid_file, monitor_pid_file;
  std::optional<spec::HealthCheck> healthcheck;
  std::string health_on_failure;  // "none", "kill", "stop", "restart"
  int64_t health_max_log_count = 5, health_max_log_size = 500;
  std::vector<std::string> create_command;

  std::vector<std::string> Argv() const;
  static Result<ContainerSpec> Parse(std::string_view json);
  std::string Print() const;
};

}  // namespace ctool::engine
