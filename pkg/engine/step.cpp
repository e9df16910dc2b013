// SPDX-License-Identifier: Apache-2.0
#include "engine/step.hpp"

#include <signal.h>

#include "base/log.hpp"
#include "engine/attach_internal.hpp"
#include "engine/create_internal.hpp"
#include "engine/group.hpp"
#include "engine/sandbox_start_internal.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {
namespace {

Status WriteFolders(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files, const sys::FileLock& lock) {
  TRY(engine.RunDir(spec.id, true));
  TRY(NoteRunDir(lock, files.bundle));
  // The step before may have left it, when both are one layer.
  return sys::Exists(files.Upper()) ? sys::MakeDirs(files.Work(), 0700) : MakeFolders(spec, files);
}

// Our side of it: the output, and no signals, for who started the build decides.
Result<Attachment> Attach() {
  AttachOptions attach;
  attach.attach_stdout = attach.attach_stderr = true;
  attach.sig_proxy = false;
  Attachment attachment = TRY(Attachment::Prepare(attach, false, false));
  attachment.Tie();
  return attachment;
}

Result<StepEnd> Try(Engine& engine, const Step& step, const ContainerFiles& files, const sys::FileLock& lock, const std::function<void()>& on_started) {
  TRY(RequireDescriptors());
  ContainerSpec spec = TRY(BeginSpec(engine, step.options, step.id));
  if (step.again) ForgetHopelessLimits(spec);
  Sandboxed sandboxed = TRY(MakeSandbox(engine, spec, {}));
  spec.layers = step.layers;
  spec.name = step.id.substr(0, 12);
  TRY(FoldDefaults(engine, step.options, step.image, spec));
  spec.auto_remove = true;  // nothing of it is wanted after a crash: its file system is never synced by itself
  spec.mounts.insert(spec.mounts.end(), step.mounts.begin(), step.mounts.end());
  TRY(WriteFolders(engine, spec, files, lock));
  TRY(WriteBundle(engine, spec, files, sandboxed.sandbox));
  Attachment attachment = TRY(Attach());
  const runtime::SyncSocket monitor = TRY(std::move(sandboxed.monitor).Supervise(files.bundle, lock));
  TRY(LetRun(monitor, &attachment));
  runtime::Stage stage{};
  const Result<sys::Fd> pidfd = AwaitStarted(monitor, &stage);
  if (!pidfd.ok() && stage == runtime::Stage::kRootfs)
    return Error(Code::kUnsupported, "no overlay file system works here: " + pidfd.error().Message())
        .Hint("a build needs one: Linux 5.11 or later, or fuse-overlayfs and /dev/fuse; see: ctool doctor");
  if (!pidfd.ok()) return pidfd.error();
  sandboxed.origin.leases.clear();
  on_started();
  Result<std::optional<int>> relayed = attachment.Relay(monitor, pidfd->get());
  // Its monitor was killed: nobody else ends it.
  if (!relayed.ok() && sys::PidfdSendSignal(pidfd->get(), SIGKILL) < 0) Debug(Error::Sys(errno, "end the step").Message());
  const std::optional<int> code = TRY(std::move(relayed));
  // What is in memory the monitor deletes; the folder in the store is the caller's.
  const Status done = monitor.Send(runtime::Msg::kDone, runtime::Stage::kExec, files.bundle + '\0');
  if (!done.ok()) Debug(done.error().Message());
  if (!code) return Error(Code::kInternal, "the step's monitor has let it go");
  if (*code == 0) return StepEnd{};
  const std::optional<monitor::ExitRecord> ended = ReadExit(files);
  return StepEnd{*code, ended && ended->oom_killed};
}

}  // namespace

Result<StepEnd> RunStep(Engine& engine, const Step& step, const sys::FileLock& lock, const std::function<void()>& on_started) {
  const ContainerFiles files = TRY(FilesOf(engine, step.id));
  Result<StepEnd> end = Try(engine, step, files, lock, on_started);
  if (end.ok()) return end;
  const Status removed = sys::RemoveTree(files.bundle);
  if (!removed.ok()) Debug(removed.error().Message());
  return end;
}

}  // namespace ctool::engine
