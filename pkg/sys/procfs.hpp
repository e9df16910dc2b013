// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "sys/child.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// proc(5) stat of a process. kNotFound when there is none.
struct ProcessStat {
  char state = '?';  // T: stopped, Z: a zombie
  pid_t parent = 0;
  int64_t threads = 0;  // more than one of a zombie: its first thread has ended, the others live
  uint64_t start_time = 0;  // field 22, clock ticks since boot
  int wait_status = 0;      // field 52, of a zombie; 0 for who may not trace it
};
Result<ProcessStat> ReadProcessStat(pid_t pid);

// Start time of a process in clock ticks since boot (proc(5), stat field 22): with the pid it
// names a process for good. kNotFound when there is no such process.
Result<uint64_t> ProcessStartTime(pid_t pid);

// A pidfd of `pid`, if that is still the process that started at `start_time`; kNotFound otherwise.
Result<Fd> OpenProcess(pid_t pid, uint64_t start_time);

// True while the process behind a pidfd runs (a zombie does not).
bool IsRunning(int pidfd);

// How a process that is no child of ours has ended, by a pidfd that was open before. Nothing: the kernel does not tell.
// It does while the process is a zombie, to who may trace it, and since Linux 6.15 afterwards too.
std::optional<ExitStatus> ExitStatusOf(int pidfd);

// /proc/sys/kernel/random/boot_id, without its newline.
Result<std::string> BootId();

}  // namespace ctool::sys
