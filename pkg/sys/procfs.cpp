// SPDX-License-Identifier: Apache-2.0
#include "sys/procfs.hpp"

#include <poll.h>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::sys {

Result<ProcessStat> ReadProcessStat(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const std::string stat = TRY(ReadFile(path));
  const auto strange = [&] { return Error(Code::kCorrupt, "unexpected format of '" + path + "'"); };
  // The second field is the command name in parentheses and may hold anything, ")" included.
  const size_t end = stat.rfind(") ");
  if (end == std::string::npos) return strange();
  constexpr size_t kFirst = 3, kState = 3 - kFirst, kParent = 4 - kFirst, kThreads = 20 - kFirst;
  constexpr size_t kStartTime = 22 - kFirst, kStatus = 52 - kFirst;
  const std::vector<std::string> fields = Split(std::string_view(stat).substr(end + 2), ' ');
  if (fields.size() <= kStartTime || fields[kState].size() != 1) return strange();
  const std::optional<int64_t> parent = ParseInt(fields[kParent]);
  const std::optional<int64_t> threads = ParseInt(fields[kThreads]);
  const std::optional<uint64_t> ticks = ParseUint(fields[kStartTime]);
  if (!parent || !threads || !ticks) return strange();
  const std::optional<int64_t> status = fields.size() > kStatus ? ParseInt(Trim(fields[kStatus])) : std::nullopt;
  return ProcessStat{fields[kState][0], static_cast<pid_t>(*parent), *threads, *ticks, static_cast<int>(status.value_or(0))};
}

Result<uint64_t> ProcessStartTime(pid_t pid) { return TRY(ReadProcessStat(pid)).start_time; }

Result<Fd> OpenProcess(pid_t pid, uint64_t start_time) {
  Fd pidfd(PidfdOpen(pid, 0));
  if (!pidfd) {
    const int err = errno;
    Error error = Error::Sys(err, "pidfd_open", std::to_string(pid)).As(err == ESRCH ? Code::kNotFound : Code::kIo);
    if (err != EPERM && err != ENOSYS) return error;
    return std::move(error).Hint("a seccomp filter around ctool refuses it: allow it there; see: ctool doctor");
  }
  // Compared after the pidfd is held, so that the pid can't be reused in between.
  const Result<uint64_t> ticks = ProcessStartTime(pid);
  if (!ticks.ok() || *ticks != start_time)
    return Error(Code::kNotFound, "process " + std::to_string(pid) + " is not the one that was meant");
  return pidfd;
}

bool IsRunning(int pidfd) {
  pollfd polled{pidfd, POLLIN, 0};
  return ::poll(&polled, 1, 0) == 0;
}

Result<std::string> BootId() {
  return std::string(Trim(TRY(ReadFile("/proc/sys/kernel/random/boot_id"))));
}

}  // namespace ctool::sys
