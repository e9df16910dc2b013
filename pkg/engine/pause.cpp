// SPDX-License-Identifier: Apache-2.0
#include "engine/pause.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/pause_signals.hpp"
#include "engine/run_state.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/group.hpp"
#include "monitor/stop_mark.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {
namespace {

Error NotRunning(const std::string& state) {
  return Error(Code::kBusy, Quote(state) + " is not running, can't pause: container state improper");
}

// The container's group, if it has one that is still there.
std::optional<cgroup::Group> GroupOf(const std::string& run_dir) {
  const std::optional<monitor::GroupNote> note = monitor::ReadGroupNote(run_dir);
  if (!note) return std::nullopt;
  cgroup::Group group(note->path);
  return sys::Exists(group.File("cgroup.freeze")) ? std::optional(group) : std::nullopt;
}

// By the freezer, which the processes don't notice; else by signals.
Status Halt(const std::string& run_dir, pid_t init, bool& by_signals) {
  const std::optional<cgroup::Group> group = GroupOf(run_dir);
  by_signals = !group;
  return group ? group->Freeze(true) : SignalAll(init, SIGSTOP);
}

Status Resume(const std::string& run_dir, pid_t init) {
  const std::optional<cgroup::Group> group = GroupOf(run_dir);
  return group ? group->Freeze(false) : SignalAll(init, SIGCONT);
}

}  // namespace

Result<PauseOutcome> PauseContainer(Engine& engine, const state::Container& container) {
  if (container.state != state::ContainerState::kRunning) return NotRunning(StateName(container.state));
  const std::string run_dir = TRY(engine.RunDir(container.id, false));
  if (const RunState state = RunStateOf(run_dir); state != RunState::kRunning) return NotRunning(RunStateName(state));
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id));
  if (!live) return NotRunning("restarting");
  // Marked first: a command that dies in the middle leaves something that `unpause` accepts.
  TRY(MarkPaused(run_dir));
  bool by_signals = false;
  const Status stopped = Halt(run_dir, live->status.pid, by_signals);
  if (!stopped.ok()) {
    TRY(UnmarkPaused(run_dir));
    return stopped.error();
  }
  Tell(engine, "pause", container);
  if (!by_signals) return PauseOutcome{};
  const std::string noted = run_dir + "/paused-by-signals";
  const bool first = !sys::Exists(noted);
  if (first) TRY(sys::WriteFileAtomic(noted, "", 0600, sys::Durability::kNone));
  return PauseOutcome{first};
}

Status UnpauseContainer(Engine& engine, const state::Container& container) {
  const std::string run_dir = TRY(engine.RunDir(container.id, false));
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id));
  if (!live || RunStateOf(run_dir) != RunState::kPaused)
    return Error(Code::kBusy, Quote(container.id) + " is not paused, can't unpause: container state improper");
  TRY(Resume(run_dir, live->status.pid));
  TRY(UnmarkPaused(run_dir));
  Tell(engine, "unpause", container);
  return Ok();
}

Status ResumeForStop(Engine& engine, const std::string& id) {
  const std::string run_dir = TRY(engine.RunDir(id, false));
  // Its state is "stopping" by now.
  if (!sys::Exists(monitor::PausedFile(run_dir))) return Ok();
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, id));
  if (live) TRY(Resume(run_dir, live->status.pid));
  return UnmarkPaused(run_dir);
}

Result<PauseGuard> PauseGuard::Post(const GlobalOptions& options, const state::Container& container) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  sys::Fd theirs(ends[0]), ours(ends[1]);
  sys::Child child = TRY(sys::Child::Clone(0));
  if (!child.in_child()) return PauseGuard(std::move(child), std::move(ours));
  // Whoever kills us by our session or our group does not mean it.
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  ours.Reset();
  // Neither a reader of the command's output nor a lock waits for it.
  ::dup2(theirs.get(), 0);
  ::dup2(theirs.get(), 1);
  ::dup2(theirs.get(), 2);
  sys::CloseRange(3, ~0U, 0);
  char word = 0;
  ssize_t got = 0;
  while ((got = ::read(STDIN_FILENO, &word, 1)) < 0 && errno == EINTR) {
  }
  if (got == 0) {
    Engine engine(options);
    static_cast<void>(UnpauseContainer(engine, container).ok());
  }
  ::_exit(0);
}

void PauseGuard::Dismiss() {
  if (!ours_) return;
  static_cast<void>(sys::WriteAll(ours_.get(), "x", "the guard of a pause").ok());
  ours_.Reset();
  const Result<sys::ExitStatus> ended = child_.Wait();
  if (!ended.ok()) Debug(ended.error().Message());
}

}  // namespace ctool::engine
