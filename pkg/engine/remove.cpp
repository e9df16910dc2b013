// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/dependencies.hpp"
#include "engine/run_state.hpp"
#include "engine/settle_internal.hpp"
#include "engine/stop.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {
namespace {

Error CannotRemove(Engine& engine, const state::Container& container) {
  const Result<std::string> run_dir = engine.RunDir(container.id, false);
  const char* state = RunStateName(run_dir.ok() ? RunStateOf(*run_dir) : RunState::kRunning);
  return Error(Code::kBusy, "cannot remove container " + container.id + " as it is " + state +
                                " - running or paused containers cannot be removed without force: container state improper");
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
      if (!options.force) return CannotRemove(engine, container);
      TRY(StopContainer(engine, container, {.time = options.time}));
      return AwaitLock(files);
    }
    if (IsInitialized(engine, container)) TRY(StopContainer(engine, container, {}));
    Result<sys::FileLock> lock = TryLock(files);
    if (lock.ok() || lock.error().code() != Code::kBusy) return lock;
    // Gone: whoever holds the lock has removed it, and will let go.
    std::optional<state::Container> now = TRY(TRY(engine.Db())->FindContainer(container.id));
    if (!now || !TRY(Settle(engine, *now))) return AwaitLock(files);
    container = std::move(*now);
  }
}

// For `wait`, which may come after the removal.
std::optional<int> ExitCodeOf(const ContainerFiles& files, const state::Container& container) {
  if (const std::optional<monitor::ExitRecord> ended = ReadExit(files)) return ended->code;
  if (container.state == state::ContainerState::kExited) return container.exit_code;
  return std::nullopt;
}

}  // namespace

Status RemoveContainer(Engine& engine, const std::string& name_or_id, const RemoveContainerOptions& options) {
  state::Container container = TRY(FindContainer(engine, name_or_id));
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  const std::vector<std::string> dependents = TRY(DependentsOf(engine, container.id));
  if (!dependents.empty())
    return Error(Code::kAlreadyExists, "container " + container.id + " has dependent containers which must be removed before it: " +
                                           Join(dependents, ", ") + ": container already exists");
  const Result<sys::FileLock> lock = StopAndLock(engine, container, options);
  // No folder: a removal was cut short, and this one ends it.
  if (!lock.ok() && lock.error().sys_errno() != ENOENT) return lock.error();
  // Its own cleanup (--rm) may have been quicker.
  const std::optional<state::Container> now = TRY(TRY(engine.Db())->FindContainer(container.id));
  if (!now) return Ok();
  return DeleteContainer(engine, *now, options.volumes || now->auto_remove, ExitCodeOf(files, *now));
}

}  // namespace ctool::engine
