// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/containers.hpp"
#include "monitor/config.hpp"
#include "sys/fd.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {

Result<ContainerFiles> FilesOf(Engine& engine, const std::string& id);

// The container's lock: free when nobody runs, makes or removes it. ENOENT: the container is gone. TryLock: kBusy.
Result<sys::FileLock> AwaitLock(const ContainerFiles& files);
Result<sys::FileLock> TryLock(const ContainerFiles& files);

// Where the run is looked for by commands with another run root (no XDG_RUNTIME_DIR): the lock's file says so.
Status NoteRunDir(const sys::FileLock& lock, const std::string& run_dir);

// How the last run ended; nothing while it runs, or when nobody was left to say.
std::optional<monitor::ExitRecord> ReadExit(const ContainerFiles& files);
// How the run before this one ended: written before the restart policy, or a user, starts the container again.
std::optional<monitor::ExitRecord> ReadLastEnd(const std::string& run_dir);

// What runs, seen through RUN_DIR/status: the process with its pidfd; nothing when it has ended.
struct LiveProcess {
  monitor::RunStatus status;
  sys::Fd pidfd;
};
Result<std::optional<LiveProcess>> FindProcess(Engine& engine, const std::string& id);

// Sets `record` and the database to running, but for a container that has ended, and been cleaned up
// by its monitor, before we came to say so.
Status MarkRunning(Engine& engine, state::Container& record, int64_t started);

// Writes how a container ended, and nothing else of its record, which somebody may have changed meanwhile (a name).
// kNotFound: it is gone.
Status RecordEnd(Engine& engine, const state::Container& ended);

// Made by `init`, and not started.
bool IsInitialized(Engine& engine, const state::Container& container);
// What is shown as its state: "created", "initialized", "running", "paused", "stopping", "exited", "removing".
std::string ShownState(Engine& engine, const state::Container& container);

// Brings a record up to date with what is. One that says "running" and whose process is gone becomes
// exited, with the code from its exit file (255 when there is none: it ended after its monitor, unseen, or in
// a reboot). One that says "created" and whose process is there becomes running: the command that
// started it was killed. Changes `container` and the database. False: it was an --rm container whose
// cleanup never came, and is removed now.
Result<bool> Settle(Engine& engine, state::Container& container);

// For who has watched a container's process (its pidfd) until it ended. Where the container's monitor was killed, and
// nobody else has said how it ended, that is asked of the kernel and written to the exit file. False: somebody has the
// container's lock, a monitor that writes the end, or one that was killed and is not quite gone.
bool NoteEnd(Engine& engine, const state::Container& container, int process);

// "created", "running", "exited", "removing": of the record. What runs may be paused or stopping (run_state.hpp).
const char* StateName(state::ContainerState state);

// Record, folders, anonymous volumes and cidfile of a container that does not run (any more).
Status DeleteContainer(Engine& engine, const state::Container& container, bool volumes,
                       std::optional<int> exit_code);

// The same but for the folders, which it returns: with the record gone nobody needs them, and nobody has to wait.
Result<std::vector<std::string>> DeleteRecord(Engine& engine, const state::Container& container, bool volumes,
                                              std::optional<int> exit_code);

// Deletes folders of containers that have no record: of a command that was killed before it had committed one, or of
// a removal that was cut short.
Status SweepContainers(Engine& engine);

// Deletes a folder of the store; goes into the user namespace for files of subordinate ids.
Status DeleteTree(const std::string& path);

}  // namespace ctool::engine
