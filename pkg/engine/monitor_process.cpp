// SPDX-License-Identifier: Apache-2.0
#include "engine/monitor_process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// A copy in memory that nobody can change any more.
Result<sys::Fd> SealedCopy(int program) {
  sys::Fd copy(::memfd_create("ctool-monitor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!copy) return Error::Sys(errno, "memfd_create");
  TRY(sys::CopyContents(program, copy.get(), "ctool-monitor"));
  if (::fchmod(copy.get(), 0500) < 0) return Error::Sys(errno, "fchmod of the copy of ctool-monitor");
  if (::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
    return Error::Sys(errno, "seal the copy of ctool-monitor");
  return copy;
}

// Root in the container is our own uid outside: what we may write, or make writable, it could.
bool WithinReach(const struct stat& st, const std::string& path) {
  return st.st_uid == ::geteuid() || ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

}  // namespace

Result<runtime::SyncSocket> StartMonitor(Engine& engine, const std::string& bundle, const sys::FileLock& lock) {
  const std::string path = TRY(engine.Program("ctool-monitor"));
  sys::Fd program = TRY(sys::Open(path, O_RDONLY));
  if (WithinReach(TRY(sys::StatFd(program.get(), path)), path)) program = TRY(SealedCopy(program.get()));
  auto [ours, theirs] = TRY(runtime::SyncSocket::Pair());
  sys::SpawnOptions options;
  options.argv = {"ctool-monitor", "supervise", bundle};
  options.exec_fd = program.get();
  options.fds = {{theirs.fd(), 3}, {lock.fd(), 4}, {STDERR_FILENO, STDERR_FILENO}};
  options.new_session = true;
  options.die_with_parent = false;
  options.await_exec = false;  // we commit the record meanwhile; one that can't start closes its socket
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  sys::Child child = TRY(sys::Spawn(options));
  std::move(child).Detach();  // it outlives us; init reaps it
  return std::move(ours);
}

}  // namespace ctool::engine
