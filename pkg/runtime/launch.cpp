// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch.hpp"

#include <linux/sched.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.hpp"
#include "base/trace.hpp"
#include "runtime/init/init.hpp"

namespace ctool::runtime {

// A short-lived `joiner` has cloned our child in namespaces that we are not in.
Result<Launch> Launch::Adopt(sys::Child joiner, SyncSocket sync) {
  Frame frame;
  const bool answered = TRY(sync.Receive(frame));
  const sys::ExitStatus ended = TRY(joiner.Wait());
  if (!answered) return Error(Code::kInternal, "the joiner of the container " + ended.Describe());
  if (frame.header.msg == Msg::kFailed) return FrameError(frame).Wrap("join the container's namespaces");
  if (frame.header.msg != Msg::kJoined) return Error(Code::kInternal, "unexpected frame from the joiner");
  const std::optional<int64_t> pid = ParseInt(frame.payload);
  if (!pid || !frame.fd) return Error(Code::kInternal, "the joiner names no process");
  return Launch(sys::Child::Adopt(static_cast<pid_t>(*pid), std::move(frame.fd)), std::move(sync), std::nullopt);
}

Result<Launch> Launch::Start(uint64_t namespaces, const userns::IdMap& map, const Origin& origin, const int (&stdio)[3],
                             const std::vector<int>& preserved, const InitGroup& group) {
  // The root of a cgroup namespace is the group in which it is made.
  const uint64_t cloned_with = group.awaited ? namespaces & ~static_cast<uint64_t>(CLONE_NEWCGROUP) : namespaces;
  if (!origin.parts.empty()) {
    auto [ours, theirs] = TRY(SyncSocket::Pair());
    sys::Child spawner = TRY(sys::Child::Clone(0, group.fd));
    if (spawner.in_child()) {
      ours.Close();
      SpawnMain(origin, cloned_with, {namespaces, group.awaited}, map, theirs, stdio, preserved);
    }
    theirs.Close();
    return Adopt(std::move(spawner), std::move(ours));
  }
  auto [ours, theirs] = TRY(SyncSocket::Pair());
  Result<sys::Child> cloned = sys::Child::Clone(cloned_with, group.fd);
  if (!cloned.ok() && group.fd >= 0) return std::move(cloned).error();
  if (!cloned.ok()) return userns::ExplainUserns(cloned.error().sys_errno());
  sys::Child child = std::move(cloned).value();
  if (child.in_child()) {
    ours.Close();
    InitMain({namespaces, group.awaited}, theirs, stdio, preserved);
  }
  theirs.Close();
  Mark("namespaces made");
  // init's maps can be written from its first moment on.
  userns::MapWriter maps = TRY(userns::MapWriter::Start(child.pid(), map));
  return Launch(std::move(child), std::move(ours), std::move(maps));
}

Status Launch::AwaitIdMap() {
  if (maps_) TRY(maps_->Finish());
  Mark("ids mapped");
  return Tell(Msg::kIdMapDone, Stage::kIdMap);
}

Status Launch::AwaitForeignIds() {
  Frame frame;
  if (!TRY(Receive(frame))) return Died();
  return frame.header.msg == Msg::kIdMapDone ? Ok() : Status(Error(Code::kInternal, "unexpected frame from container init"));
}

Result<Launch> Launch::Join(int init, InitPlan plan, const int (&stdio)[3], const std::vector<int>& preserved, int group) {
  auto [ours, theirs] = TRY(SyncSocket::Pair());
  // Who is to be in the group must be there before it is in the container's cgroup namespace, from which nobody gets in.
  Result<sys::Child> cloned = sys::Child::Clone(0, group);
  // Too far from it to be let in: a session without the monitor, from a login that systemd keeps apart.
  const int err = cloned.ok() ? 0 : cloned.error().sys_errno();
  if (group >= 0 && (err == EACCES || err == EPERM || err == ENODEV)) cloned = sys::Child::Clone(0);
  sys::Child joiner = TRY(std::move(cloned));
  if (joiner.in_child()) {
    ours.Close();
    JoinMain(init, std::move(plan), theirs, stdio, preserved);
  }
  theirs.Close();
  Launch launch = TRY(Adopt(std::move(joiner), std::move(ours)));
  TRY(launch.Tell(Msg::kIdMapDone, Stage::kIdMap));
  return launch;
}

// The next frame; false at EOF. The pidfd is polled too: a process that inherited the other end
// would hide EOF. When it fires, the socket is read first, for a kFailed may be in it.
Result<bool> Launch::Receive(Frame& frame) {
  pollfd polled[2] = {{sync_.fd(), POLLIN, 0}, {child_.pidfd(), POLLIN, 0}};
  while (::poll(polled, 2, -1) < 0)
    if (errno != EINTR) return Error::Sys(errno, "poll");
  if (polled[0].revents == 0) return false;
  if (!TRY(sync_.Receive(frame))) return false;
  last_ = frame.header.stage;
  if (frame.header.msg == Msg::kFailed) {
    Error error = FrameError(frame);
    // What is wrong with the user's command speaks for itself; a failed step names its stage.
    if (error.code() == Code::kNoCommand || error.code() == Code::kNotExecutable) return error;
    return std::move(error).Wrap(std::string("container init, stage ") + Name(last_));
  }
  return true;
}

// A word to init. Where it has failed meanwhile, the reason is what it said last.
Status Launch::Tell(Msg msg, Stage stage, std::string_view payload) {
  Status sent = sync_.Send(msg, stage, payload);
  if (sent.ok() || sent.error().sys_errno() != EPIPE) return sent;
  Frame frame;
  while (TRY(Receive(frame))) {
  }
  return Died();
}

Error Launch::Died() {
  const Result<sys::ExitStatus> status = child_.Wait();
  return Error(Code::kInternal, std::string("container init died after stage ") + Name(last_) + ": " +
                                    (status.ok() ? status->Describe() : status.error().Message()));
}

Status Launch::AwaitReady(const MountFuse& mount_fuse) {
  for (Frame frame;;) {
    if (!TRY(Receive(frame))) return Died();
    switch (frame.header.msg) {
      case Msg::kWantFuse: {
        const std::vector<std::string> parts = Split(frame.payload, '\0');
        if (parts.size() != 3) return Error(Code::kInternal, "unexpected frame from container init");
        TRY(mount_fuse(child_.pid(), {parts[0], parts[1], parts[2], std::move(frame.fd)}));
        TRY(Tell(Msg::kFuseDone, Stage::kRootfs));
        break;
      }
      case Msg::kConsole:
        console_ = std::move(frame.fd);
        break;
      case Msg::kReady:
        home_ = std::move(frame.payload);
        Mark("container set up");
        return Ok();
      default:
        return Error(Code::kInternal, "unexpected frame from container init");
    }
  }
}

Status Launch::Exec(const Listen& listen) {
  TRY(Tell(Msg::kExec, Stage::kExec));
  last_ = Stage::kExec;
  // EOF is success: the socket is close-on-exec. A dead init closes it as well, and is seen later
  // as a container that has ended.
  Frame frame;
  while (TRY(Receive(frame))) {
    if (frame.header.msg != Msg::kListener || !frame.fd || !listen)
      return Error(Code::kInternal, "unexpected frame from container init");
    TRY(listen(std::move(frame.fd)));
  }
  Mark("command executed");
  return Ok();
}

}  // namespace ctool::runtime
