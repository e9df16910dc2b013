// SPDX-License-Identifier: Apache-2.0
#include "engine/monitor_process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/trace.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// A copy in memory that nobody can change any more.
Result<sys::Fd> SealedCopy(int program) {
  sys::Fd copy(::memfd_create("ctool-monitor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy)
    return Error::Sys(errno, "memfd_create for a copy of ctool-monitor")
        .Hint("an installation that belongs to root needs none; else a seccomp filter around ctool must allow memfd_create; see: ctool doctor");
  TRY(sys::CopyContents(program, copy.get(), "ctool-monitor"));
  if (::fchmod(copy.get(), 0500) < 0) return Error::Sys(errno, "fchmod of the copy of ctool-monitor");
  if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
    return Error::Sys(errno, "seal the copy of ctool-monitor");
  return copy;
}

// Root in the container is our own uid outside: what we may write, or make writable, it could.
bool WithinReach(const struct stat& st, const std::string& path) {
  return st.st_uid == ::geteuid() || ::access(path.c_str(), W_OK) == 0;
}

struct Spawned {
  sys::Child child;
  runtime::SyncSocket socket;
};

// The program file is never one that the container's root (the invoking user) could write to: CVE-2019-5736.
Result<Spawned> SpawnMonitor(Engine& engine, const char* word) {
  const std::string path = TRY(engine.Program("ctool-monitor"));
  sys::Fd program = TRY(sys::Open(path, O_RDONLY));
  if (WithinReach(TRY(sys::StatFd(program.get(), path)), path)) program = TRY(SealedCopy(program.get()));
  auto [ours, theirs] = TRY(runtime::SyncSocket::Pair());
  sys::SpawnOptions options;
  options.argv = {"ctool-monitor", word};
  options.exec_fd = program.get();
  options.fds = {{theirs.fd(), 3}, {STDERR_FILENO, STDERR_FILENO}};
  options.new_session = true;
  options.die_with_parent = false;
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  return Spawned{TRY(sys::Spawn(options)), std::move(ours)};
}

// One that serves without us: its socket is all that we keep.
Result<runtime::SyncSocket> SpawnDetached(Engine& engine, const char* word) {
  Spawned spawned = TRY(SpawnMonitor(engine, word));
  std::move(spawned.child).Detach();
  return std::move(spawned.socket);
}

}  // namespace

Result<MonitorProcess> MonitorProcess::Start(Engine& engine, const monitor::Sandbox& sandbox, const std::vector<int>& files) {
  Spawned spawned = TRY(SpawnMonitor(engine, "supervise"));
  Mark("monitor started");
  MonitorProcess process(std::move(spawned.child), std::move(spawned.socket));
  // The socket holds it until the monitor reads it.
  TRY(process.socket_.Send(runtime::Msg::kSandbox, runtime::Stage::kPlan, sandbox.Print()));
  for (const int file : files) TRY(process.socket_.Send(runtime::Msg::kFile, runtime::Stage::kPlan, {}, file));
  return process;
}

Result<runtime::SyncSocket> StartSession(Engine& engine) { return SpawnDetached(engine, "session"); }
Result<runtime::SyncSocket> StartKeeper(Engine& engine) { return SpawnDetached(engine, "network"); }

MonitorProcess::~MonitorProcess() {
  if (!socket_) return;
  socket_.Close();
  // It ends by itself, and must, for a moment later nothing of the sandbox may be left.
  const Result<sys::ExitStatus> ended = child_.Wait();
  if (!ended.ok()) Debug(ended.error().Message());
}

Result<runtime::SyncSocket> MonitorProcess::Supervise(const std::string& bundle, const sys::FileLock& lock) && {
  runtime::SyncSocket socket = std::move(socket_);
  std::move(child_).Detach();  // it outlives us; init reaps it
  const Status sent = socket.Send(runtime::Msg::kBundle, runtime::Stage::kPlan, bundle, lock.fd());
  Mark("bundle written");
  // EPIPE: it has failed already, and says why in a frame.
  if (!sent.ok() && sent.error().sys_errno() != EPIPE) return sent.error();
  return socket;
}

}  // namespace ctool::engine
