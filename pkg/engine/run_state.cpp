// SPDX-License-Identifier: Apache-2.0
#include "engine/run_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "monitor/hold.hpp"
#include "monitor/stop_mark.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::engine {
namespace {

using monitor::SomebodyWaits;
using monitor::PausedFile;
using monitor::StopFile;


}  // namespace

RunState RunStateOf(const std::string& run_dir) {
  if (SomebodyWaits(run_dir)) return RunState::kStopping;
  return sys::Exists(PausedFile(run_dir)) ? RunState::kPaused : RunState::kRunning;
}

const char* RunStateName(RunState state) {
  switch (state) {
    case RunState::kRunning: return "running";
    case RunState::kPaused: return "paused";
    case RunState::kStopping: return "stopping";
  }
  return "unknown";
}

// Several may stop it at once: each adds a line, in one write.
Status MarkStop(const std::string& run_dir, StopMark mark) {
  const std::string path = StopFile(run_dir);
  sys::Fd file = TRY(sys::Open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600));
  if (mark == StopMark::kSignal) return Ok();
  const pid_t self = ::getpid();
  return sys::WriteAll(file.get(),
                       std::to_string(self) + " " + std::to_string(TRY(sys::ProcessStartTime(self))) +
                           (mark == StopMark::kRestart ? " restart\n" : " stop\n"),
                       path);
}

bool IsRestarting(const std::string& run_dir) { return SomebodyWaits(run_dir, "restart"); }

bool WasStopped(const std::string& run_dir) { return sys::Exists(StopFile(run_dir)); }

bool IsHeld(const std::string& run_dir) { return sys::Exists(monitor::HeldFile(run_dir)); }

Status MarkPaused(const std::string& run_dir) {
  return sys::WriteFileAtomic(PausedFile(run_dir), "", 0600, sys::Durability::kNone);
}

Status UnmarkPaused(const std::string& run_dir) { return sys::RemoveTree(PausedFile(run_dir)); }

Status ForgetRun(const std::string& run_dir, const std::string& exit_file) {
  const Result<std::string> exit = sys::ReadFile(exit_file);
  // Who waits for that end may not have seen the file yet.
  if (exit.ok()) TRY(sys::WriteFileAtomic(run_dir + "/ended", *exit, 0600, sys::Durability::kNone));
  TRY(sys::RemoveTree(exit_file));
  TRY(sys::RemoveTree(monitor::HeldFile(run_dir)));
  TRY(sys::RemoveTree(StopFile(run_dir)));
  return UnmarkPaused(run_dir);
}

}  // namespace ctool::engine
