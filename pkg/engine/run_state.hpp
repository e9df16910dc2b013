// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace ctool::engine {

// What a container that runs is in the midst of. Derived from files in its run folder, so that no killed command
// leaves a lie behind.
enum class RunState { kRunning, kPaused, kStopping };
RunState RunStateOf(const std::string& run_dir);
const char* RunStateName(RunState state);  // "running"

// RUN_DIR/stop: the container was asked to end, so no policy restarts it. A line is who waits for its end; while one
// of them lives, the container is stopping.
enum class StopMark {
  kStop,
  kRestart,  // it is started again: --rm does not remove it meanwhile
  kSignal,   // nobody waits
};
Status MarkStop(const std::string& run_dir, StopMark mark);
bool IsRestarting(const std::string& run_dir);
bool WasStopped(const std::string& run_dir);  // in this run, or in the last one

// RUN_DIR/paused.
Status MarkPaused(const std::string& run_dir);
Status UnmarkPaused(const std::string& run_dir);

// Takes away what the last run left, before a start: from then on the exit file means that this one has ended. How that
// one ended is kept in RUN_DIR/ended.
Status ForgetRun(const std::string& run_dir, const std::string& exit_file);

}  // namespace ctool::engine
