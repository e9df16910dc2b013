// SPDX-License-Identifier: Apache-2.0
#include "monitor/shared_network.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "monitor/memory.hpp"
#include "monitor/sandbox.hpp"
#include "monitor/streams.hpp"
#include "network/backend.hpp"
#include "network/loopback.hpp"
#include "network/shared.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"
#include "sys/procfs.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"
#include "userns/userns.hpp"

namespace ctool::monitor {
namespace {

using network::SharedFolder;
using runtime::Frame;
using runtime::Msg;
using runtime::Stage;
using runtime::SyncSocket;

Status Await(const SyncSocket& sync, Msg wanted) {
  Frame frame;
  if (!TRY(sync.Receive(frame))) return Error(Code::kInternal, "the process that keeps the networks went away");
  if (frame.header.msg == Msg::kFailed) return FrameError(frame);
  if (frame.header.msg != wanted) return Error(Code::kInternal, "unexpected frame while the networks are made");
  return Ok();
}

// --- the first process in the namespaces: PID 1 there, with which all others end ---

Status PrepareInside(const SyncSocket& keeper, const std::string& resolver) {
  if (const int err = network::BringLoopbackUp(); err != 0) return Error::Sys(err, "bring lo up");
  TRY(Await(keeper, Msg::kIdMapDone));
  TRY(userns::BecomeRoot());
  TRY(network::PrepareSharedMounts(resolver));
  TRY(Await(keeper, Msg::kGo));
  return network::PrepareSharedRouting();
}

[[noreturn]] void BeInit(SyncSocket keeper, const std::string& resolver) {
  sys::ResetSignals();
  const Status prepared = PrepareInside(keeper, resolver);
  if (!prepared.ok()) ::_exit(keeper.SendError(Stage::kNetwork, prepared.error()).ok() ? 125 : 124);
  LetGoOfStderr();
  KeepOnly({keeper.fd()});
  ::signal(SIGCHLD, SIG_IGN);  // aardvark-dns is reaped by the kernel
  if (!keeper.Send(Msg::kReady, Stage::kNetwork).ok()) ::_exit(124);
  Frame frame;
  for (;;) {
    const Result<bool> received = keeper.Receive(frame);
    if (received.ok() && !*received) ::_exit(0);  // the keeper has ended, in whatever way
    if (!received.ok()) ::_exit(124);
    if (frame.header.msg != Msg::kGo) continue;
    // tap0 is another one.
    if (const Status again = network::PrepareSharedRouting(); !again.ok()) Debug(again.error().Message());
  }
}

// --- who keeps them ---

struct Kept {
  network::Backend uplink;
  sys::Child init;
  SyncSocket sync;
  network::BackendProcess slirp;
  sys::Fd alive;
};

Status WriteStatus(const SharedFolder& folder, pid_t init) {
  const std::string text = std::to_string(init) + " " + std::to_string(TRY(sys::ProcessStartTime(init))) + "\n";
  return sys::WriteFileAtomic(folder.Status(), text, 0600, sys::Durability::kNone);
}

Result<network::BackendProcess> StartUplink(const network::Backend& uplink, const SharedFolder& folder, pid_t init) {
  // It waits for a socket of its own path: one that a killed one has left is in the way.
  if (::unlink(folder.SlirpSocket().c_str()) < 0 && errno != ENOENT) return Error::Sys(errno, "remove", folder.SlirpSocket());
  network::Backend backend = uplink;
  network::BackendProcess process = TRY(network::StartBackend(backend, init, {}));
  TRY(network::AwaitBackend(backend, process, init, {}));
  return process;
}

Result<Kept> Make(const Sandbox& order, const SharedFolder& folder) {
  auto [ours, theirs] = TRY(SyncSocket::Pair());
  Result<sys::Child> cloned = sys::Child::Clone(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID);
  if (!cloned.ok()) return userns::ExplainUserns(cloned.error().sys_errno());
  sys::Child init = std::move(cloned).value();
  if (init.in_child()) {
    ours.Close();
    BeInit(std::move(theirs), order.network.dns);
  }
  theirs.Close();
  TRY(userns::WriteMaps(init.pid(), order.map));
  TRY(ours.Send(Msg::kIdMapDone, Stage::kIdMap));
  network::BackendProcess slirp = TRY(StartUplink(order.network, folder, init.pid()));
  TRY(ours.Send(Msg::kGo, Stage::kNetwork));
  TRY(Await(ours, Msg::kReady));
  sys::Fd alive = TRY(network::MakeAlive(folder));
  TRY(sys::WriteFileAtomic(folder.Resolver(), order.network.dns, 0600, sys::Durability::kNone));
  TRY(WriteStatus(folder, init.pid()));
  return Kept{order.network, std::move(init), std::move(ours), std::move(slirp), std::move(alive)};
}

// The way out has ended: another one, for whoever is there still. Ports that were published by it come back when their
// containers are started again.
void ReplaceUplink(Kept& kept, const SharedFolder& folder) {
  const auto replace = [&]() -> Status {
    network::BackendProcess process = TRY(StartUplink(kept.uplink, folder, kept.init.pid()));
    kept.slirp = std::move(process);
    return kept.sync.Send(Msg::kGo, Stage::kNetwork);
  };
  if (const Status replaced = replace(); !replaced.ok()) Debug(replaced.error().Message());
}

// Until the last user has gone. The lock keeps new ones out while that is decided.
sys::FileLock AwaitEnd(Kept& kept, const SharedFolder& folder) {
  for (int64_t replaced = 0;;) {
    constexpr int64_t kPatience = 5'000'000'000;  // one that can't stay is not started for ever
    pollfd polled[3] = {{kept.alive.get(), 0, 0}, {kept.init.pidfd(), POLLIN, 0}, {kept.slirp.child.pidfd(), POLLIN, 0}};
    if (replaced != 0 && MonotonicNanos() - replaced < kPatience) polled[2].fd = -1;
    if (::poll(polled, 3, polled[2].fd < 0 ? 1000 : -1) < 0 && errno == EINTR) continue;
    if (polled[0].revents == 0 && polled[1].revents == 0) {
      if (polled[2].revents != 0) {
        ReplaceUplink(kept, folder);
        replaced = MonotonicNanos();
      }
      continue;
    }
    Result<sys::FileLock> lock = sys::FileLock::Acquire(folder.Lock(), sys::FileLock::Mode::kExclusive);
    if (!lock.ok()) {  // the folder is gone, and with it everybody's way to us
      Debug(lock.error().Message());
      ::_exit(0);
    }
    if (polled[1].revents != 0 || !network::SomebodyUses(kept.alive.get())) return std::move(lock).value();
  }
}

void AwaitHangUp(const SyncSocket& command) {
  Frame frame;
  for (Result<bool> more = command.Receive(frame); more.ok() && *more; more = command.Receive(frame)) {
  }
}

}  // namespace

int KeepSharedNetwork(SyncSocket command) {
  ::signal(SIGPIPE, SIG_IGN);
  if (::chdir("/") < 0) Debug(Error::Sys(errno, "chdir to /").Message());
  SharedFolder folder;
  const auto begin = [&]() -> Result<Kept> {
    Frame frame;
    TRY(Expect(command, frame, Msg::kSandbox));
    const Sandbox order = TRY(Sandbox::Parse(frame.payload));
    folder.path = order.shared_dir;
    return Make(order, folder);
  };
  Result<Kept> kept = begin();
  if (!kept.ok()) return command.SendError(Stage::kNetwork, kept.error()).ok() ? 125 : 124;
  // Open for writing ourselves, until who asked has done so too and hangs up (or is killed).
  Result<sys::Fd> writer = sys::Open(folder.Alive(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  const Status told = command.Send(Msg::kStarted, Stage::kNetwork, std::to_string(kept->init.pid()), kept->init.pidfd());
  LetGoOfStderr();
  GiveBackMemory();
  if (told.ok()) AwaitHangUp(command);
  command.Close();
  if (writer.ok()) writer->Reset();
  const sys::FileLock lock = AwaitEnd(*kept, folder);
  network::RemoveShared(folder, kept->alive.get());
  return 0;  // init and slirp4netns go with us
}

}  // namespace ctool::monitor
