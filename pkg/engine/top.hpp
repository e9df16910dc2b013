// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// A process in a container. Ids and names are the container's own but for those that begin with
// host. Texts are as the process made them: not for a terminal before Printable.
struct TopProcess {
  pid_t pid = 0, ppid = 0, pgid = 0, host_pid = 0;  // 0: none in the container
  std::string comm, args, label;
  char state = '?';
  uint64_t tty = 0;  // device number; 0: none
  int64_t nice = 0;
  uint32_t uid = 0, ruid = 0, gid = 0, rgid = 0, host_uid = 0, host_gid = 0;
  std::vector<uint32_t> gids, host_gids;                // supplementary
  std::string user, ruser, group, rgroup, groups;       // names, or numbers that have none
  std::string host_user, host_group, host_groups;
  uint64_t cap_inh = 0, cap_prm = 0, cap_eff = 0, cap_bnd = 0, cap_amb = 0;
  int64_t seccomp = -1;
  int64_t vsz = 0, rss = 0;  // KiB
  int64_t cpu = 0, elapsed = 0, started = 0;  // ns; `started` by the wall clock
};

// What costs extra system calls.
struct TopWanted {
  bool names = true, host_names = false, args = true, label = false;
};

// The processes of a running container, by their pid: those in its pid namespace and below it, and
// with the host's pid namespace those that descend from its first one or see its mounts. All is
// read from the host's /proc, nothing is executed and no namespace joined. kInvalidArgument: it
// does not run.
Result<std::vector<TopProcess>> Top(Engine& engine, const state::Container& container, const TopWanted& wanted);

}  // namespace ctool::engine
