// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "engine/attach_internal.hpp"
#include "engine/copy_rootfs.hpp"
#include "engine/create_internal.hpp"
#include "engine/dependencies.hpp"
#include "engine/exec.hpp"
#include "engine/fold_internal.hpp"
#include "engine/monitor_process.hpp"
#include "engine/run_state.hpp"
#include "engine/sandbox_internal.hpp"
#include "engine/sandbox_start_internal.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/control.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"
#include "sys/warn_once.hpp"

namespace ctool::engine {
namespace {

using runtime::Msg;

// A container whose command has been executed, or which is held: then without a pidfd.
struct Started {
  runtime::SyncSocket monitor;
  sys::Fd pidfd;  // the monitor's own, so that no reused pid can be meant
};

bool IsDetached(const AttachOptions& a) { return !a.attach_stdin && !a.attach_stdout && !a.attach_stderr; }

class Starter {
 public:
  struct How {
    // Without its record nobody knows a new container after a power cut. That an old one was started need not survive
    // one: nothing runs then.
    bool is_new = false;
    Msg word = Msg::kGo;  // or kHold
    std::vector<int> preserved = {};
  };
  Starter(Engine& engine, const ContainerSpec& spec, ContainerFiles files, const sys::FileLock& lock, How how)
      : engine_(engine), spec_(spec), files_(std::move(files)), lock_(lock), how_(std::move(how)) {}

  // `commit` runs while the monitor sets the container up; it is let go only afterwards.
  Result<Started> Start(Result<Sandboxed> sandboxed, Attachment* attachment, const std::function<Status()>& commit) {
    const char* mode = std::getenv("CTOOL_OVERLAY");
    if (mode != nullptr && std::string_view(mode) == "copy" && !sys::Exists(files_.Rootfs())) {
      Warn("the container gets a copy of the image, as CTOOL_OVERLAY=copy asks");
      TRY(CopyRootfs(spec_.layers, files_.Rootfs()));
    }
    bool overlay_failed = false;
    Result<Started> started = Try(TRY(std::move(sandboxed)), attachment, commit, overlay_failed);
    if (started.ok() || !overlay_failed) return started;
    if (!spec_.id_mappings.empty()) return started;  // a copy would have the wrong ids
    sys::WarnOnce(TRY(engine_.Paths())->run_root, "copies", "no overlay file system works here (" + started.error().Message() +
                                                                "); each container gets a copy of the image, which takes time and space");
    TRY(CopyRootfs(spec_.layers, files_.Rootfs()));
    return Try(TRY(MakeSandbox(engine_, spec_, how_.preserved)), attachment, []() { return Ok(); }, overlay_failed);
  }

 private:
  Result<Started> Try(Sandboxed sandboxed, Attachment* attachment, const std::function<Status()>& commit,
                      bool& overlay_failed) {
    TRY(engine_.RunDir(spec_.id, true));
    TRY(NoteRunDir(lock_, files_.bundle));
    TRY(ForgetRun(files_.bundle, files_.Exit()));
    TRY(WriteBundle(engine_, spec_, files_, sandboxed.sandbox));
    runtime::SyncSocket monitor = TRY(std::move(sandboxed.monitor).Supervise(files_.bundle, lock_));
    TRY(commit());
    TRY(LetRun(monitor, attachment, how_.word));
    // Meanwhile the container starts. What nobody needs after a power cut is not worth a wait for the disk.
    if (how_.is_new && !spec_.auto_remove) TRY(engine_.Db())->Sync();
    runtime::Stage stage{};
    Result<sys::Fd> pidfd = AwaitStarted(monitor, &stage);
    overlay_failed = !pidfd.ok() && stage == runtime::Stage::kRootfs;
    if (pidfd.ok()) sandboxed.origin.leases.clear();
    return Started{std::move(monitor), TRY(std::move(pidfd))};
  }

  Engine& engine_;
  const ContainerSpec& spec_;
  ContainerFiles files_;
  const sys::FileLock& lock_;
  How how_;
};

// A container that is held.
Result<Started> LetGo(const std::string& run_dir, Attachment* attachment, const std::function<Status()>& commit) {
  runtime::SyncSocket monitor = TRY(monitor::ConnectControl(run_dir));
  TRY(commit());
  TRY(LetRun(monitor, attachment));
  sys::Fd pidfd = TRY(AwaitStarted(monitor));
  return Started{std::move(monitor), std::move(pidfd)};
}

// The end of an attached container: the record, or its removal. The monitor is told afterwards, so
// that it starts the cleanup itself should we die on the way. It deletes the folders and
// shortens the database's log: nobody has to wait for that.
Status Conclude(Engine& engine, state::Container& record, int exit_code, const runtime::SyncSocket& monitor) {
  record.state = state::ContainerState::kExited;
  record.exit_code = exit_code;
  record.finished = WallNanos();
  Tell(engine, "cleanup", record);
  std::vector<std::string> folders;
  state::Database& db = *TRY(engine.Db());
  // Somebody who restarts it waits for this monitor's end: it is not to be removed yet.
  if (record.auto_remove && !IsRestarting(TRY(engine.RunDir(record.id, false)))) folders = TRY(DeleteRecord(engine, record, true, exit_code));
  else TRY(RecordEnd(engine, record));
  std::string list;
  for (const std::string& folder : folders) list += folder + '\0';
  const Status tidied = db.IsUntidy() ? monitor.Send(Msg::kTidy) : Ok();
  if (!tidied.ok()) Debug(tidied.error().Message());
  if (list.size() <= runtime::kMaxPayload && monitor.Send(Msg::kDone, runtime::Stage::kExec, list).ok()) return Ok();
  for (const std::string& folder : folders) TRY(DeleteTree(folder));
  return Ok();
}

// The streams of one that passes them through are not ours to carry.
Result<Attachment> PrepareAttachment(const AttachOptions& attach, const ContainerSpec& spec) {
  return Attachment::Prepare(attach, spec.tty, spec.interactive && !PassesStreams(spec.log_driver));
}

Result<StartOutcome> Follow(Engine& engine, state::Container& record, Attachment& attachment, Started& started) {
  Result<std::optional<int>> end = attachment.Relay(started.monitor, started.pidfd.get());
  if (!end.ok()) {
    // Nobody reads what it writes, and with --rm nobody ever will: it goes, and its monitor puts it away.
    const bool unread = end.error().sys_errno() == EPIPE && record.auto_remove;
    if (unread && sys::PidfdSendSignal(started.pidfd.get(), SIGKILL) < 0) Debug(Error::Sys(errno, "end the container").Message());
    return std::move(end).error().Wrap("attaching to container " + record.id);
  }
  const std::optional<int> code = *end;
  if (!code) return StartOutcome{true, 0};
  if (attachment.concludes()) TRY(Conclude(engine, record, *code, started.monitor));
  return StartOutcome{false, *code};
}

// The lock, to start the container with, and its record as it is by then; nothing when somebody else has started it
// meanwhile. The monitor of one that has just ended still has a few things to put away.
Result<std::optional<sys::FileLock>> LockToStart(Engine& engine, const ContainerFiles& files, state::Container& record) {
  state::Database& db = *TRY(engine.Db());
  const int64_t deadline = MonotonicNanos() + 5'000'000'000;
  for (;;) {
    Result<sys::FileLock> lock = TryLock(files);
    if (!lock.ok() && lock.error().code() != Code::kBusy) return std::move(lock).error();
    std::optional<state::Container> now = TRY(db.FindContainer(record.id));
    if (!now || (!lock.ok() && !TRY(Settle(engine, *now))))
      return Error(Code::kNotFound, "container " + record.id + " was removed meanwhile: no such container");
    record = std::move(*now);
    if (lock.ok()) return std::optional(std::move(lock).value());
    const bool late = MonotonicNanos() > deadline;
    // Its command has been executed: the control socket comes after that.
    if (record.state == state::ContainerState::kRunning && (late || monitor::ConnectControl(files.bundle).ok()))
      return std::optional<sys::FileLock>();
    if (late) return std::move(lock).error().Wrap("container " + record.id + " is being started or removed");
    ::usleep(1000);
  }
}

// A start that failed leaves the container as `record` has it, or nothing with --rm. Only for who has its lock: it may
// be somebody else's by now.
Error AfterFailure(Engine& engine, state::Container record, Error error) {
  const auto settle = [&]() -> Status {
    if (record.auto_remove) return DeleteContainer(engine, record, true, std::nullopt);
    record.error = error.Message();
    return TRY(engine.Db())->UpdateContainer(record);
  };
  const Status settled = settle();
  if (!settled.ok()) Warn(settled.error().Message());
  return error;
}

}  // namespace

Result<StartOutcome> Run(Engine& engine, const CreateOptions& options, const AttachOptions& attach,
                         const std::function<void(const std::string& id)>& on_started) {
  TRY(ParseDetachKeys(attach.detach_keys));
  TRY(RequireDescriptors());
  ContainerSpec begun = TRY(BeginSpec(engine, options));
  // Namespaces, id maps and network come up while the image is looked for and the bundle written.
  Result<Sandboxed> sandboxed = MakeSandbox(engine, begun, options.preserved);
  const std::string run_dir = TRY(engine.RunDir(begun.id, false));
  Result<NewContainer> made = BeginCreate(engine, options, std::move(begun));
  if (!made.ok()) {
    // The sandbox may have made it, for its sockets.
    const Status removed = sys::RemoveTree(run_dir);
    if (!removed.ok()) Debug(removed.error().Message());
    return std::move(made).error();
  }
  NewContainer container = std::move(made).value();
  const bool detached = IsDetached(attach);
  std::optional<Attachment> attachment;
  // Until it was tried: with a failure before that the container is there all the same, not started.
  bool commit_tried = false;
  Status committed = Ok();
  const auto commit = [&]() -> Status {
    commit_tried = true;
    return committed = CommitCreate(engine, container, state::ContainerState::kRunning);
  };
  const auto start = [&]() -> Result<Started> {
    if (!detached) attachment = TRY(PrepareAttachment(attach, container.spec));
    TRY(StartDependencies(engine, container.spec));
    Starter starter(engine, container.spec, TRY(FilesOf(engine, container.spec.id)), container.lock,
                    {.is_new = true, .preserved = options.preserved});
    return starter.Start(std::move(sandboxed), attachment ? &*attachment : nullptr, commit);
  };
  Result<Started> started = start();
  if (!started.ok()) {
    if (!commit_tried) committed = commit();
    if (!committed.ok()) return UndoCreate(engine, std::move(container), std::move(committed).error());
    container.record.state = state::ContainerState::kCreated;
    container.record.started = 0;
    return AfterFailure(engine, container.record, std::move(started).error());
  }
  on_started(container.spec.id);
  if (detached) return StartOutcome{true, 0};
  return Follow(engine, container.record, *attachment, *started);
}

namespace {

Error AlreadyRuns(const state::Container& record) {
  return Error(Code::kBusy, "container " + record.id + " has already been created in runtime: container state improper");
}

// A start of one that runs.
Result<StartOutcome> Join(Engine& engine, const state::Container& record, const AttachOptions& attach) {
  if (IsDetached(attach)) return StartOutcome{true, 0};
  return Attach(engine, record.id, attach);
}

}  // namespace

Status InitContainer(Engine& engine, const std::string& name_or_id) {
  state::Container record = TRY(FindContainer(engine, name_or_id));
  const ContainerFiles files = TRY(FilesOf(engine, record.id));
  if (record.state == state::ContainerState::kRunning) return AlreadyRuns(record);
  if (IsHeld(files.bundle) && TRY(FindProcess(engine, record.id))) return Ok();
  TRY(RequireDescriptors());
  const std::optional<sys::FileLock> lock = TRY(LockToStart(engine, files, record));
  if (!lock) return AlreadyRuns(record);
  const ContainerSpec spec = TRY(ContainerSpec::Parse(record.spec));
  TRY(StartDependencies(engine, spec));
  Starter starter(engine, spec, files, *lock, {.word = Msg::kHold});
  // From here on it has not ended but not begun.
  const auto commit = [&]() -> Status {
    if (record.state == state::ContainerState::kCreated) return Ok();
    record.state = state::ContainerState::kCreated;
    return TRY(engine.Db())->UpdateContainer(record);
  };
  state::Container before = record;
  Result<Started> held = starter.Start(MakeSandbox(engine, spec, {}), nullptr, commit);
  if (!held.ok()) return AfterFailure(engine, before, std::move(held).error().As(Code::kInternal));
  return Ok();
}

Result<StartOutcome> Start(Engine& engine, const std::string& name_or_id, const AttachOptions& attach) {
  state::Container record = TRY(FindContainer(engine, name_or_id));
  if (record.state == state::ContainerState::kRunning) return Join(engine, record, attach);
  TRY(RequireDescriptors());
  const ContainerFiles files = TRY(FilesOf(engine, record.id));
  const bool held = IsHeld(files.bundle) && TRY(FindProcess(engine, record.id));
  std::optional<sys::FileLock> lock;
  if (!held && !(lock = TRY(LockToStart(engine, files, record)))) return Join(engine, record, attach);
  const ContainerSpec spec = TRY(ContainerSpec::Parse(record.spec));
  const state::Container before = record;
  std::optional<Attachment> attachment;
  if (!IsDetached(attach)) attachment = TRY(PrepareAttachment(attach, spec));
  const auto commit = [&] { return MarkRunning(engine, record, WallNanos()); };
  const auto start = [&]() -> Result<Started> {
    Attachment* const attached = attachment ? &*attachment : nullptr;
    if (held) return LetGo(files.bundle, attached, commit);
    TRY(StartDependencies(engine, spec));
    Starter starter(engine, spec, files, *lock, {});
    return starter.Start(MakeSandbox(engine, spec, {}), attached, commit);
  };
  Result<Started> started = start();
  if (!started.ok()) {
    // Scripts know one exit status for a start that failed.
    Error error = std::move(started).error().As(Code::kInternal);
    if (held && !(lock = TRY(LockToStart(engine, files, record)))) return Join(engine, record, attach);
    return AfterFailure(engine, before, std::move(error));
  }
  if (!attachment) return StartOutcome{true, 0};
  return Follow(engine, record, *attachment, *started);
}

}  // namespace ctool::engine
