// SPDX-License-Identifier: Apache-2.0
//
// The part of an OCI runtime-spec v1.1 config.json that ctool writes and reads, as plain values.
// What the spec has no field for travels in annotations under "io.ctool." (runtime/DESIGN.md), so
// that the bundle stays one that any OCI runtime can read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::spec {

struct RuntimeMount {
  std::string destination, type, source;
  std::vector<std::string> options;
};

struct Rlimit {
  std::string type;  // "RLIMIT_NOFILE"
  uint64_t soft = 0, hard = 0;  // UINT64_MAX: unlimited
};

struct CapabilitySets {
  std::vector<std::string> bounding, effective, permitted, inheritable, ambient;  // "CAP_CHOWN"
};

struct RuntimeProcess {
  bool terminal = false;
  uint16_t console_height = 0, console_width = 0;
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> additional_gids;
  std::vector<std::string> args, env;
  std::string cwd = "/";
  CapabilitySets capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile, selinux_label;
  std::optional<int> oom_score_adj;
  std::optional<uint32_t> umask;
};

struct LinuxNamespace {
  std::string type;  // "pid", "network", "mount", "ipc", "uts", "user", "cgroup"
  std::string path;  // empty: a new one
};

struct LinuxIdMapping {
  uint32_t container_id = 0, host_id = 0, size = 0;
};

struct RuntimeSpec {
  std::string root_path;  // absolute
  bool root_readonly = false;
  std::string hostname;
  RuntimeProcess process;
  std::vector<RuntimeMount> mounts;
  std::vector<LinuxNamespace> namespaces;
  std::vector<LinuxIdMapping> uid_mappings, gid_mappings;
  std::vector<std::string> masked_paths, readonly_paths;
  std::map<std::string, std::string> sysctl;
  std::string personality;  // "LINUX", "LINUX32"; empty: as it is
  std::map<std::string, std::string> annotations;

  bool HasNamespace(std::string_view type) const;
  std::string Annotation(const std::string& key) const;  // "" when it is not there

  static Result<RuntimeSpec> Parse(std::string_view bytes);
  std::string Print() const;
};

}  // namespace ctool::spec
