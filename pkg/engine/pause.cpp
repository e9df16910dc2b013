// SPDX-License-Identifier: Apache-2.0
#include "engine/pause.hpp"

#include <signal.h>

#include "base/text.hpp"
#include "engine/pause_signals.hpp"
#include "engine/run_state.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/stop_mark.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Error NotRunning(const std::string& state) {
  return Error(Code::kBusy, Quote(state) + " is not running, can't pause: container state improper");
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
  const Status stopped = SignalAll(live->status.pid, SIGSTOP);
  if (!stopped.ok()) {
    TRY(UnmarkPaused(run_dir));
    return stopped.error();
  }
  Tell(engine, "pause", container);
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
  TRY(SignalAll(live->status.pid, SIGCONT));
  TRY(UnmarkPaused(run_dir));
  Tell(engine, "unpause", container);
  return Ok();
}

Status ResumeForStop(Engine& engine, const std::string& id) {
  const std::string run_dir = TRY(engine.RunDir(id, false));
  // Its state is "stopping" by now.
  if (!sys::Exists(monitor::PausedFile(run_dir))) return Ok();
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, id));
  if (live) TRY(SignalAll(live->status.pid, SIGCONT));
  return UnmarkPaused(run_dir);
}

}  // namespace ctool::engine
