// SPDX-License-Identifier: Apache-2.0
#include "sys/root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <atomic>

#include "sys/file.hpp"
#include "sys/resolve_internal.hpp"
#include "sys/syscalls.hpp"

namespace ctool::sys {
namespace {

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

// Until a kernel before 5.6, or a seccomp filter around us, has refused it.
std::atomic<bool> g_has_openat2{true};

bool IsAllowed() {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  return static_cast<bool>(Fd(RawOpenat2(AT_FDCWD, "/", how)));
}

}  // namespace

Result<Fd> Openat2(int dirfd, const std::string& path, uint64_t flags, uint64_t mode,
                   uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  if (g_has_openat2) {
    const int fd = RawOpenat2(dirfd, path.c_str(), how);
    if (fd >= 0) return Fd(fd);
    const int err = errno;
    // EPERM is also an answer of the call's own (O_NOATIME, files that can't be changed).
    if ((err != ENOSYS && err != EPERM) || IsAllowed()) return Error::Sys(err, "openat2", path);
    g_has_openat2 = false;
  }
  return WalkPath(dirfd, path, flags, mode, resolve);
}

Result<Root> Root::Open(const std::string& host_dir) {
  Fd fd(::open(host_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Error::Sys(errno, "open", host_dir);
  return Root(std::move(fd));
}

Result<Fd> Root::Open(const std::string& inner, uint64_t flags, uint64_t mode) const {
  return Openat2(dir_.get(), inner.empty() ? "." : inner, flags, mode, kInRoot);
}

Result<Root::Parent> Root::OpenParent(const std::string& inner) const {
  size_t end = inner.size();
  while (end > 0 && inner[end - 1] == '/') --end;
  const std::string path = inner.substr(0, end);
  const size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..")
    return Error(Code::kInvalidArgument, "path '" + inner + "' names no entry");
  const std::string dir = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  return Parent{TRY(Open(dir, O_PATH | O_DIRECTORY)), std::move(name)};
}

Result<Fd> Root::MakeDirs(const std::string& inner, mode_t mode) const {
  Fd current = TRY(Open("/", O_PATH | O_DIRECTORY));
  std::string done;
  for (size_t i = 0; i < inner.size();) {
    size_t j = inner.find('/', i);
    if (j == std::string::npos) j = inner.size();
    const std::string part = inner.substr(i, j - i);
    i = j + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return Error(Code::kInvalidArgument, "'..' in path '" + inner + "'");
    done += "/" + part;
    Result<Fd> there = Open(done, O_PATH | O_DIRECTORY);
    if (!there.ok()) {
      if (there.error().sys_errno() != ENOENT) return std::move(there).error();
      if (::mkdirat(current.get(), part.c_str(), mode) < 0) {
        if (errno != EEXIST) return Error::Sys(errno, "mkdirat", done);
      } else {
        // Exact mode whatever the umask: the name was made by us just now, but a hostile process
        // may have swapped it, so the change goes through a handle that does not follow links.
        Fd made(::openat(current.get(), part.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (made && ::fchmod(made.get(), mode) < 0) return Error::Sys(errno, "fchmod", done);
      }
      // Resolved again from the root: a dangling link in `done` is an error, not a way out.
      there = Open(done, O_PATH | O_DIRECTORY);
      if (!there.ok()) return std::move(there).error();
    }
    current = std::move(there).value();
  }
  return current;
}

Result<std::string> ReadRegularAt(int dirfd, const std::string& path, uint64_t resolve,
                                  size_t max_bytes) {
  const Fd fd = TRY(Openat2(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, resolve));
  struct stat st {};
  if (::fstat(fd.get(), &st) < 0) return Error::Sys(errno, "fstat", path);
  if (!S_ISREG(st.st_mode)) return Error(Code::kCorrupt, "'" + path + "' is not a regular file");
  return ReadAll(fd.get(), path, max_bytes);
}

Result<std::string> Root::ReadRegular(const std::string& inner, size_t max_bytes) const {
  return ReadRegularAt(dir_.get(), inner, kInRoot, max_bytes);
}

}  // namespace ctool::sys
