// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {
namespace {

// Waits for the end of a process; -1: for ever. True when it has ended.
bool AwaitEnd(int pidfd, int64_t milliseconds) {
  pollfd polled{pidfd, POLLIN, 0};
  const int64_t deadline = MonotonicNanos() / 1'000'000 + milliseconds;
  for (;;) {
    const int64_t left = milliseconds < 0 ? -1 : deadline - MonotonicNanos() / 1'000'000;
    const int n = ::poll(&polled, 1, static_cast<int>(milliseconds < 0 ? -1 : std::max<int64_t>(left, 0)));
    if (n > 0) return true;
    if (n == 0) return false;
  }
}

Status Signal(int pidfd, int sig) {
  if (sys::PidfdSendSignal(pidfd, sig) < 0 && errno != ESRCH) return Error::Sys(errno, "send " + sys::SignalName(sig));
  return Ok();
}

// The monitor looks for this file before it starts a container again.
Status AskToStop(Engine& engine, const state::Container& container) {
  return sys::WriteFileAtomic(TRY(engine.RunDir(container.id, true)) + "/stop", "", 0600, sys::Durability::kNone);
}

// STOPSIGNAL, then KILL when the time is over.
Status Stop(Engine& engine, const state::Container& container, int64_t seconds) {
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id));
  if (!live) return AskToStop(engine, container);
  const ContainerSpec spec = TRY(ContainerSpec::Parse(container.spec));
  TRY(AskToStop(engine, container));
  if (seconds != 0) {
    TRY(Signal(live->pidfd.get(), sys::ParseSignal(spec.stop_signal).value_or(SIGTERM)));
    if (AwaitEnd(live->pidfd.get(), seconds < 0 ? -1 : seconds * 1000)) return Ok();
    Warn("StopSignal " + spec.stop_signal + " failed to stop container " + container.name + " in " +
         std::to_string(seconds) + " seconds, resorting to SIGKILL");
  }
  TRY(Signal(live->pidfd.get(), SIGKILL));
  constexpr int64_t kKillMillis = 10'000;
  if (!AwaitEnd(live->pidfd.get(), kKillMillis))
    return Error(Code::kBusy, "container " + container.id + " does not die of SIGKILL");
  return Ok();
}

// Ends the container and takes its lock: then nobody can start it, and its monitor has ended. Its lock
// is held from the beginning of a start, when there is nothing to stop yet: we look again then. The start
// may be anybody's, also that of a killed command.
Result<sys::FileLock> StopAndLock(Engine& engine, state::Container& container, const RemoveContainerOptions& options) {
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  // Mostly it is the monitor of one that has just ended, which is about to let go.
  constexpr int kLookAgainMillis = 20;
  for (int pause = 1;; ::poll(nullptr, 0, pause), pause = std::min(2 * pause, kLookAgainMillis)) {
    if (container.state == state::ContainerState::kRunning) {
      if (!options.force)
        return Error(Code::kBusy, "cannot remove container " + container.id +
                                      " as it is running - running or paused containers cannot be removed without force: container state improper");
      TRY(Stop(engine, container, options.time));
      return AwaitLock(files);
    }
    Result<sys::FileLock> lock = TryLock(files);
    if (lock.ok() || lock.error().code() != Code::kBusy) return lock;
    // Gone: whoever holds the lock has removed it, and will let go.
    std::optional<state::Container> now = TRY(TRY(engine.Db())->FindContainer(container.id));
    if (!now || !TRY(Settle(engine, *now)))
      return AwaitLock(files);
    container = std::move(*now);
  }
}

}  // namespace

Status RemoveContainer(Engine& engine, const std::string& name_or_id, const RemoveContainerOptions& options) {
  state::Container container = TRY(FindContainer(engine, name_or_id));
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  const Result<sys::FileLock> lock = StopAndLock(engine, container, options);
  // No folder: a removal was cut short, and this one ends it.
  if (!lock.ok() && lock.error().sys_errno() != ENOENT) return lock.error();
  // Its own cleanup (--rm) may have been quicker.
  if (!TRY(TRY(engine.Db())->FindContainer(container.id))) return Ok();
  const std::optional<monitor::ExitRecord> ended = ReadExit(files);
  return DeleteContainer(engine, container, options.volumes || container.auto_remove,
                         ended ? std::optional(ended->code) : std::nullopt);
}

}  // namespace ctool::engine
