// SPDX-License-Identifier: Apache-2.0
#include "engine/settle_internal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/images.hpp"
#include "engine/network_join_internal.hpp"
#include "engine/run_state.hpp"
#include "engine/tell.hpp"
#include "monitor/group.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"
#include "sys/procfs.hpp"

namespace ctool::engine {
namespace {

void MarkExited(state::Container& container, const std::optional<monitor::ExitRecord>& record) {
  container.state = state::ContainerState::kExited;
  container.exit_code = record ? record->code : 255;
  container.finished = record ? record->finished : WallNanos();
  container.restart_count = record ? record->restarts : 0;
}

std::optional<monitor::ExitRecord> ReadRecord(const std::string& path) {
  const Result<std::string> text = sys::ReadFile(path);
  if (!text.ok()) return std::nullopt;
  const Result<monitor::ExitRecord> record = monitor::ExitRecord::Parse(*text);
  return record.ok() ? std::optional(*record) : std::nullopt;
}

bool IsLocked(const ContainerFiles& files) {
  const Result<sys::FileLock> lock = TryLock(files);
  return !lock.ok() && lock.error().code() == Code::kBusy;
}

bool IsWholeId(const std::string& id) {
  return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// A full disk or a read-only store: who only wants to know is told all the same.
bool CantWrite(const Error& error) {
  return error.code() == Code::kPermission || error.sys_errno() == ENOSPC || error.sys_errno() == EDQUOT || error.sys_errno() == EROFS;
}

}  // namespace

const char* StateName(state::ContainerState state) {
  switch (state) {
    case state::ContainerState::kCreated: return "created";
    case state::ContainerState::kRunning: return "running";
    case state::ContainerState::kExited: return "exited";
    case state::ContainerState::kRemoving: return "removing";
  }
  return "unknown";
}

Status NoteRunDir(const sys::FileLock& lock, const std::string& run_dir) {
  if (::ftruncate(lock.fd(), 0) < 0 || ::pwrite(lock.fd(), run_dir.data(), run_dir.size(), 0) != static_cast<ssize_t>(run_dir.size()))
    return Error::Sys(errno, "write to the container's lock");
  return Ok();
}

Result<sys::FileLock> AwaitLock(const ContainerFiles& files) {
  return sys::FileLock::Acquire(files.Lock(), sys::FileLock::Mode::kExclusive, sys::FileLock::Missing::kRefuse);
}

Result<sys::FileLock> TryLock(const ContainerFiles& files) {
  return sys::FileLock::TryAcquire(files.Lock(), sys::FileLock::Mode::kExclusive, sys::FileLock::Missing::kRefuse);
}

std::optional<monitor::ExitRecord> ReadExit(const ContainerFiles& files) { return ReadRecord(files.Exit()); }

std::optional<monitor::ExitRecord> ReadLastEnd(const std::string& run_dir) { return ReadRecord(run_dir + "/ended"); }

Result<ContainerFiles> FilesOf(Engine& engine, const std::string& id) {
  return ContainerFiles(TRY(engine.Store())->ContainerPath(id), TRY(engine.RunDir(id, false)));
}

Result<std::optional<LiveProcess>> FindProcess(Engine& engine, const std::string& id) {
  const std::string path = TRY(engine.RunDir(id, false)) + "/status";
  const Result<std::string> text = sys::ReadFile(path);
  if (!text.ok()) {
    if (text.error().sys_errno() == ENOENT) return std::optional<LiveProcess>();
    return text.error();
  }
  LiveProcess live;
  live.status = TRY(monitor::RunStatus::Parse(*text));
  Result<sys::Fd> pidfd = sys::OpenProcess(live.status.pid, live.status.start_time);
  // A call that is refused says nothing about the process.
  if (!pidfd.ok() && pidfd.error().hint().empty()) return std::optional<LiveProcess>();
  if (!pidfd.ok()) return std::move(pidfd).error();
  if (!sys::IsRunning(pidfd->get())) return std::optional<LiveProcess>();
  live.pidfd = std::move(pidfd).value();
  return std::optional<LiveProcess>(std::move(live));
}

Status MarkRunning(Engine& engine, state::Container& record, int64_t started) {
  const ContainerFiles files = TRY(FilesOf(engine, record.id));
  const auto mark = [&](state::Container& c) {
    c.state = state::ContainerState::kRunning;
    c.started = started;
    c.finished = 0;
    c.error.clear();
  };
  mark(record);
  state::Database& db = *TRY(engine.Db());
  return db.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    std::optional<state::Container> now = TRY(db.FindContainer(record.id));
    if (!now || (now->state == state::ContainerState::kExited && sys::Exists(files.Exit()))) return Ok();
    mark(*now);
    now->spec.clear();
    return db.UpdateContainer(*now);
  });
}

// Not worth a wait for the disk: after a power cut it is settled again.
Status RecordEnd(Engine& engine, const state::Container& ended) {
  state::Database& db = *TRY(engine.Db());
  return db.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    std::optional<state::Container> now = TRY(db.FindContainer(ended.id));
    if (!now) return Error(Code::kNotFound, "container " + ended.id + " is gone");
    now->state = ended.state;
    now->exit_code = ended.exit_code;
    now->finished = ended.finished;
    now->restart_count = ended.restart_count;
    now->spec.clear();
    return db.UpdateContainer(*now);
  });
}

bool IsInitialized(Engine& engine, const state::Container& container) {
  if (container.state != state::ContainerState::kCreated) return false;
  const Result<std::string> run_dir = engine.RunDir(container.id, false);
  if (!run_dir.ok() || !IsHeld(*run_dir)) return false;
  const Result<std::optional<LiveProcess>> live = FindProcess(engine, container.id);
  return live.ok() && *live;
}

std::string ShownState(Engine& engine, const state::Container& container) {
  if (IsInitialized(engine, container)) return "initialized";
  if (container.state != state::ContainerState::kRunning) return StateName(container.state);
  const Result<std::string> run_dir = engine.RunDir(container.id, false);
  return RunStateName(run_dir.ok() ? RunStateOf(*run_dir) : RunState::kRunning);
}

Result<bool> Settle(Engine& engine, state::Container& container) {
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  if (container.state == state::ContainerState::kRunning) {
    if (TRY(FindProcess(engine, container.id))) return true;
    // The exit file is removed at each start: if it is there, this run has ended.
    const std::optional<monitor::ExitRecord> ended = ReadExit(files);
    if (!ended && IsLocked(files)) return true;  // who runs it will write what there is to say
    if (!IsLocked(files)) monitor::RemoveGroup(files.bundle);  // its monitor was killed
    MarkExited(container, ended);
    const Status updated = RecordEnd(engine, container);
    if (!updated.ok() && updated.error().code() == Code::kNotFound) return false;  // removed meanwhile
    if (!updated.ok() && CantWrite(updated.error())) return true;  // known, if not recorded; the next one records it
    if (!updated.ok()) return updated.error();
    if (!ended) Tell(engine, "died", container, container.exit_code);  // its monitor was killed
    if (!IsLocked(files)) LeaveBridges(engine, container.id);
    Tell(engine, "cleanup", container);
  } else if (container.state == state::ContainerState::kCreated) {
    const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id));
    if (!live || IsHeld(files.bundle)) return true;
    // Who started it died, or has not come to say so yet.
    TRY(MarkRunning(engine, container, live->status.started));
    return true;
  }
  const bool removes = container.state == state::ContainerState::kExited && container.auto_remove;
  if (!removes || IsLocked(files) || IsRestarting(files.bundle)) return true;
  const Status deleted = DeleteContainer(engine, container, true, container.exit_code);
  if (!deleted.ok() && CantWrite(deleted.error())) return true;
  if (!deleted.ok()) return deleted.error();
  return false;
}

bool NoteEnd(Engine& engine, const state::Container& container, int process) {
  const Result<ContainerFiles> files = FilesOf(engine, container.id);
  if (!files.ok()) return true;
  // A monitor that lives has the lock: then the end is its to tell.
  const Result<sys::FileLock> lock = TryLock(*files);
  if (!lock.ok()) return lock.error().code() != Code::kBusy;
  if (ReadExit(*files)) return true;
  const std::optional<sys::ExitStatus> status = sys::ExitStatusOf(process);
  if (!status) return true;
  monitor::ExitRecord record;
  record.code = status->code;
  record.finished = WallNanos();
  const Status written = sys::WriteFileAtomic(files->Exit(), record.Print(), 0600, sys::Durability::kNone);
  if (!written.ok()) Debug(written.error().Message());
  else Tell(engine, "died", container, record.code);
  return true;
}

Status DeleteTree(const std::string& path) {
  return userns::RemoveTree(path, [] { return userns::DefaultMap(); });
}

// What --rmi asks for. The container is gone already, so a failure is only told.
void RemoveImageOf(Engine& engine, const ContainerSpec& spec) {
  const Result<RemovedImage> removed = RemoveImage(engine, spec.image_name, {.ignore = true});
  if (!removed.ok()) Warn(removed.error().Message());
}

Result<std::vector<std::string>> DeleteRecord(Engine& engine, const state::Container& container, bool volumes,
                                              std::optional<int> exit_code) {
  storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  std::vector<std::string> anonymous;
  if (volumes)
    for (const std::string& name : TRY(db.VolumesOf(container.id))) {
      const std::optional<state::Volume> volume = TRY(db.FindVolume(name));
      if (volume && volume->anonymous && TRY(db.VolumeUsers(name)).size() <= 1) anonymous.push_back(name);
    }
  std::string text = container.spec;
  if (text.empty()) {  // a row of a list
    const std::optional<state::Container> whole = TRY(db.FindContainer(container.id));
    if (!whole) return std::vector<std::string>();
    text = whole->spec;
  }
  const ContainerSpec spec = TRY(ContainerSpec::Parse(text));
  // The record first: a folder without one is swept up later, a record without one would be broken.
  TRY(db.Transaction(state::Database::Commit::kOrdered, [&]() -> Status {
    // What gives space back comes first: on a full disk the rest then fits.
    TRY(db.RemoveContainer(container.id));
    if (exit_code) TRY(db.PutExitCode(container.id, *exit_code));
    for (const std::string& name : anonymous) TRY(db.RemoveVolume(name));
    return Ok();
  }));
  for (const std::string& name : anonymous) TellVolume(engine, "remove", name);
  Tell(engine, "remove", container);
  LeaveBridges(engine, container.id);
  std::vector<std::string> folders;
  for (const std::string& name : anonymous) {
    const std::string path = store.VolumePath(name);
    folders.push_back(path.substr(0, path.rfind('/')));
  }
  folders.push_back(TRY(engine.RunDir(container.id, false)));
  folders.push_back(store.ContainerPath(container.id));
  // Ours to remove only while it still names this container: a later one may have written it anew.
  if (!spec.cidfile.empty()) {
    const Result<std::string> id = sys::ReadFile(spec.cidfile);
    if (id.ok() && *id == container.id) ::unlink(spec.cidfile.c_str());
  }
  for (const std::string* file : {&spec.pid_file, &spec.monitor_pid_file})
    if (!file->empty()) ::unlink(file->c_str());
  if (spec.remove_image && !spec.image_name.empty()) RemoveImageOf(engine, spec);
  return folders;
}

Status DeleteContainer(Engine& engine, const state::Container& container, bool volumes, std::optional<int> exit_code) {
  const std::vector<std::string> folders = TRY(DeleteRecord(engine, container, volumes, exit_code));
  monitor::RemoveGroup(TRY(engine.RunDir(container.id, false)));  // of one whose monitor was killed; else there is none
  for (const std::string& folder : folders) TRY(DeleteTree(folder));
  return Ok();
}

Status CleanupContainer(Engine& engine, const std::string& id) {
  state::Database& db = *TRY(engine.Db());
  const auto settle = [&]() -> Status {
    std::optional<state::Container> container = TRY(db.FindContainer(id));
    if (!container && !IsWholeId(id))
      return Error(Code::kNotFound, "no container with name or ID " + Quote(id) + " found: no such container");
    if (container && TRY(FindProcess(engine, container->id)))
      return Error(Code::kBusy, "container " + container->id +
                                    " is running or paused, refusing to clean up: container state improper");
    const ContainerFiles files = TRY(FilesOf(engine, container ? container->id : id));
    // Waits for the monitor that called us to end.
    const Result<sys::FileLock> lock = AwaitLock(files);
    if (!lock.ok() && lock.error().sys_errno() == ENOENT) return Ok();  // somebody else was quicker
    if (!lock.ok()) return lock.error();
    container = TRY(db.FindContainer(id));
    if (!container) {  // whoever removed the record was killed before the folders were gone
      TRY(sys::RemoveTree(files.bundle));
      return DeleteTree(files.folder);
    }
    const std::optional<monitor::ExitRecord> ended = ReadExit(files);
    // The command that started it may not have said so yet; the exit file knows better.
    if (container->state == state::ContainerState::kRunning || ended) {
      const bool was_settled = container->state == state::ContainerState::kExited;
      MarkExited(*container, ended);
      if (!container->auto_remove) TRY(RecordEnd(engine, *container));
      if (!was_settled) Tell(engine, "cleanup", *container);
    }
    if (container->state != state::ContainerState::kExited || !container->auto_remove) return Ok();
    if (IsRestarting(files.bundle)) return RecordEnd(engine, *container);
    return DeleteContainer(engine, *container, true, container->exit_code);
  };
  TRY(settle());
  db.Tidy();
  return SweepContainers(engine);
}

}  // namespace ctool::engine
