// SPDX-License-Identifier: Apache-2.0
#include "engine/stop.hpp"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "engine/pause.hpp"
#include "engine/run_state.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/group.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {
namespace {

constexpr int64_t kNever = INT64_MAX;
constexpr int64_t kKillMillis = 10'000;     // what the kernel may take to end a killed process
constexpr int64_t kMonitorMillis = 10'000;  // what the monitor may take to put things away
constexpr int64_t kLookAgainMillis = 20;    // while there is a monitor and no process: it is about to start one

int64_t NowMillis() { return MonotonicNanos() / 1'000'000; }

Status Signal(int pidfd, int sig) {
  if (sys::PidfdSendSignal(pidfd, sig) < 0 && errno != ESRCH) return Error::Sys(errno, "send " + sys::SignalName(sig));
  return Ok();
}

// One that is made and not started has nothing to be asked.
Status DropHeld(Engine& engine, const std::string& id) {
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, id));
  return live ? Signal(live->pidfd.get(), SIGKILL) : Ok();
}

// One container on its way to its end. Step does what is due; in between there is nothing to do until wake() or
// until fd() can be read.
class Stopping {
 public:
  Stopping(Engine& engine, const state::Container& container, const StopOptions& options)
      : engine_(engine), container_(container), options_(options) {}

  // True: it is over, or failed (status()).
  bool Step() {
    if (over_) return true;
    Result<bool> over = Advance();
    if (!over.ok()) status_ = std::move(over).error();
    return over_ = !over.ok() || *over;
  }
  Status&& TakeStatus() { return std::move(status_); }
  int fd() const { return process_ ? process_.get() : monitor_.get(); }
  int64_t wake() const { return wake_; }

 private:
  enum class Phase { kLook, kAsked, kKilled, kEnded };

  Result<bool> Advance() {
    if (!begun_ && !TRY(Begin())) return true;
    if (process_ && !sys::IsRunning(process_.get())) {
      if (!monitor_ || !sys::IsRunning(monitor_.get())) static_cast<void>(NoteEnd(engine_, container_, process_.get()));
      process_.Reset();
      phase_ = Phase::kEnded;
      until_ = NowMillis() + kMonitorMillis;
    }
    switch (phase_) {
      case Phase::kLook: return Look();
      case Phase::kAsked:
        if (NowMillis() < until_) return Wait(until_);
        Warn("StopSignal " + spec_.stop_signal + " failed to stop container " + container_.name + " in " +
             std::to_string(seconds_) + " seconds, resorting to SIGKILL");
        return Kill();
      case Phase::kKilled:
        if (NowMillis() < until_) return Wait(until_);
        return Error(Code::kBusy, "container " + container_.id + " does not die of SIGKILL");
      case Phase::kEnded:
        if (!std::exchange(told_, true) && !options_.to_restart && !options_.is_kill) Tell(engine_, "stop", container_);
        // A monitor that keeps the machine waiting (its command is stopped) has written how it ended all the same.
        if (!monitor_ || !sys::IsRunning(monitor_.get()) || NowMillis() >= until_) return Conclude();
        return TRY(FindProcess(engine_, container_.id)) ? Look() : Wait(NowMillis() + kLookAgainMillis);
    }
    return true;
  }

  // False: there is nothing to stop.
  Result<bool> Begin() {
    begun_ = true;
    if (IsInitialized(engine_, container_)) TRY(DropHeld(engine_, container_.id));
    if (container_.state != state::ContainerState::kRunning) return false;
    files_ = TRY(FilesOf(engine_, container_.id));
    spec_ = TRY(ContainerSpec::Parse(container_.spec));
    seconds_ = std::min<int64_t>(options_.time.value_or(spec_.stop_timeout), INT32_MAX);
    const Status marked = MarkStop(files_->bundle, options_.to_restart ? StopMark::kRestart : StopMark::kStop);
    // Gone with its folder, which is no error.
    if (!marked.ok() && marked.error().sys_errno() != ENOENT) return marked.error();
    return true;
  }

  // What runs is asked to end. With no process it is being started, or waits to be restarted.
  Result<bool> Look() {
    std::optional<LiveProcess> live = TRY(FindProcess(engine_, container_.id));
    if (live) {
      Result<sys::Fd> monitor = sys::OpenProcess(live->status.monitor_pid, live->status.monitor_start_time);
      if (monitor.ok()) monitor_ = std::move(*monitor);
      process_ = std::move(live->pidfd);
      return Ask();
    }
    const Result<sys::FileLock> lock = TryLock(*files_);
    if (lock.ok() || lock.error().code() != Code::kBusy) return Conclude();
    return Wait(NowMillis() + kLookAgainMillis);
  }

  Result<bool> Ask() {
    if (seconds_ == 0) return Kill();
    phase_ = Phase::kAsked;
    until_ = seconds_ < 0 ? kNever : NowMillis() + seconds_ * 1000;
    TRY(Signal(process_.get(), sys::ParseSignal(spec_.stop_signal).value_or(SIGTERM)));
    // One that is paused could not answer.
    TRY(ResumeForStop(engine_, container_.id));
    return Wait(until_);
  }

  Result<bool> Kill() {
    phase_ = Phase::kKilled;
    until_ = NowMillis() + kKillMillis;
    // First the one that tells how the container has ended; a control group gives what it has left no time to fork.
    TRY(Signal(process_.get(), SIGKILL));
    if (const std::optional<monitor::GroupNote> group = monitor::ReadGroupNote(files_->bundle)) cgroup::Group(group->path).Kill();
    return Wait(until_);
  }

  bool Wait(int64_t until) {
    wake_ = until;
    return false;
  }

  // The record. Who else writes it (the command that is attached, the monitor's cleanup) comes to the same.
  Result<bool> Conclude() {
    std::optional<state::Container> now = TRY(TRY(engine_.Db())->FindContainer(container_.id));
    if (!now || !TRY(Settle(engine_, *now))) return true;
    if (now->state != state::ContainerState::kExited || !now->auto_remove || options_.to_restart) return true;
    // Its cleanup is at work: that it is gone is a part of having stopped it.
    const Result<sys::FileLock> lock = TryLock(*files_);
    if (!lock.ok() && lock.error().code() == Code::kBusy && NowMillis() < until_) return Wait(NowMillis() + 1);
    now = TRY(TRY(engine_.Db())->FindContainer(container_.id));
    if (now && lock.ok()) TRY(DeleteContainer(engine_, *now, true, now->exit_code));
    return true;
  }

  Engine& engine_;
  const state::Container& container_;
  const StopOptions& options_;
  Status status_ = Ok();
  bool begun_ = false, over_ = false, told_ = false;
  std::optional<ContainerFiles> files_;
  ContainerSpec spec_;
  int64_t seconds_ = 0;
  Phase phase_ = Phase::kLook;
  sys::Fd process_, monitor_;
  int64_t until_ = 0, wake_ = 0;
};

// Until one of them has something to do.
void Await(std::vector<Stopping>& all, const std::vector<bool>& over) {
  std::vector<pollfd> polled;
  int64_t wake = kNever;
  for (size_t i = 0; i < all.size(); ++i) {
    if (over[i]) continue;
    if (all[i].fd() >= 0) polled.push_back({all[i].fd(), POLLIN, 0});
    wake = std::min(wake, all[i].wake());
  }
  constexpr int64_t kMost = 60'000;
  const int64_t left = std::clamp<int64_t>(wake - NowMillis(), 0, kMost);
  ::poll(polled.data(), polled.size(), static_cast<int>(left));
}

}  // namespace

void StopContainers(Engine& engine, const std::vector<state::Container>& containers, const StopOptions& options,
                    const std::function<void(size_t, Status)>& report) {
  std::vector<Stopping> all;
  all.reserve(containers.size());
  for (const state::Container& container : containers) all.emplace_back(engine, container, options);
  std::vector<bool> over(all.size(), false);
  for (size_t reported = 0;;) {
    for (size_t i = 0; i < all.size(); ++i)
      if (!over[i]) over[i] = all[i].Step();
    for (; reported < all.size() && over[reported]; ++reported) report(reported, all[reported].TakeStatus());
    if (reported == all.size()) return;
    Await(all, over);
  }
}

Status StopContainer(Engine& engine, const state::Container& container, const StopOptions& options) {
  Status outcome = Ok();
  StopContainers(engine, {container}, options, [&](size_t, Status status) { outcome = std::move(status); });
  return outcome;
}

Status KillContainer(Engine& engine, const state::Container& container, int signal) {
  const Error improper(Code::kBusy, "can only kill running containers. " + container.id + " is in state " +
                                        StateName(container.state) + ": container state improper");
  if (container.state != state::ContainerState::kRunning) return improper;
  if (signal == SIGKILL) {
    Tell(engine, "kill", container);
    return StopContainer(engine, container, {.time = 0, .is_kill = true});
  }
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id));
  if (!live) return improper;
  TRY(MarkStop(TRY(engine.RunDir(container.id, false)), StopMark::kSignal));
  TRY(Signal(live->pidfd.get(), signal));
  Tell(engine, "kill", container);
  return Ok();
}

}  // namespace ctool::engine
