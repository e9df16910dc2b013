// SPDX-License-Identifier: Apache-2.0
#include "sys/file.hpp"

#include <dirent.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "sys/entries_internal.hpp"

namespace ctool::sys {
namespace {

std::string DirName(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct DirCloser {
  void operator()(DIR* d) const { ::closedir(d); }
};
using Dir = std::unique_ptr<DIR, DirCloser>;

}  // namespace

Result<std::vector<DirEntry>> ReadEntries(int dirfd, std::string_view what) {
  const int copy = ::openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return Error::Sys(errno, "open", what);
  const Dir dir(::fdopendir(copy));
  if (!dir) {
    const int err = errno;
    ::close(copy);
    return Error::Sys(err, "fdopendir", what);
  }
  std::vector<DirEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) {
      if (errno != 0) return Error::Sys(errno, "readdir", what);
      return entries;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") entries.push_back({std::string(name), entry->d_type});
  }
}

Result<Fd> OpenAt(int dirfd, const std::string& name, int flags, mode_t mode) {
  for (;;) {
    Fd fd(::openat(dirfd, name.c_str(), flags | O_CLOEXEC, mode));
    if (fd) return fd;
    if (errno != EINTR) return Error::Sys(errno, "open", name);
  }
}

Result<Fd> Open(const std::string& path, int flags, mode_t mode) {
  return OpenAt(AT_FDCWD, path, flags, mode);
}

Result<std::string> ReadAll(int fd, std::string_view what, size_t max_bytes) {
  std::string data;
  struct stat st {};
  if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
    data.reserve(std::min(static_cast<size_t>(st.st_size), max_bytes) + 1);
  std::array<char, 16384> chunk;
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", what);
    if (n == 0) return data;
    if (data.size() + static_cast<size_t>(n) > max_bytes)
      return Error(Code::kCorrupt,
                   "'" + std::string(what) + "' is larger than " + std::to_string(max_bytes) + " bytes");
    data.append(chunk.data(), static_cast<size_t>(n));
  }
}

Result<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  const Fd fd = TRY(Open(path, O_RDONLY | O_NOCTTY));
  return ReadAll(fd.get(), path, max_bytes);
}

Status WriteAll(int fd, std::string_view data, std::string_view what) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "write", what);
    data.remove_prefix(static_cast<size_t>(n));
  }
  return Ok();
}

Status WriteFileAtomic(const std::string& path, std::string_view data, mode_t mode,
                       Durability durability) {
  const Fd dir = TRY(Open(DirName(path), O_RDONLY | O_DIRECTORY));
  const std::string temporary = path + ".tmp-" + RandomHexId().substr(0, 12);
  Fd fd = TRY(Open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  const auto write = [&]() -> Status {
    if (::fchmod(fd.get(), mode) < 0) return Error::Sys(errno, "fchmod", temporary);
    TRY(WriteAll(fd.get(), data, path));
    if (durability == Durability::kSync && ::fdatasync(fd.get()) < 0)
      return Error::Sys(errno, "fdatasync", path);
    TRY(fd.Close(path));
    if (::rename(temporary.c_str(), path.c_str()) < 0) return Error::Sys(errno, "rename", path);
    return Ok();
  };
  Status written = write();
  if (!written.ok()) {
    ::unlink(temporary.c_str());  // best effort: the error that counts is the first
    return written;
  }
  if (durability == Durability::kSync && ::fsync(dir.get()) < 0)
    return Error::Sys(errno, "fsync", DirName(path));
  return Ok();
}

// Not faccessat(), which glibc makes of faccessat2(2): filters that do not know that one let nothing exist.
bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool KeepsUserAttributes(const std::string& path) {
  return ::getxattr(path.c_str(), "user.overlay.opaque", nullptr, 0) >= 0 || errno != EOPNOTSUPP;
}

Result<struct stat> StatFd(int fd, std::string_view what) {
  struct stat st {};
  if (::fstat(fd, &st) < 0) return Error::Sys(errno, "fstat", what);
  return st;
}

Status MakeDirs(const std::string& path, mode_t mode) {
  int made = ::mkdir(path.c_str(), mode);
  if (made < 0 && errno == ENOENT && !path.empty()) {
    TRY(MakeDirs(DirName(path), mode));
    made = ::mkdir(path.c_str(), mode);
  }
  if (made < 0 && errno == EEXIST) return Ok();
  if (made < 0) return Error::Sys(errno, "mkdir", path);
  if (::chmod(path.c_str(), mode) < 0) return Error::Sys(errno, "chmod", path);
  return Ok();
}

Result<Fd> OpenPrivateDir(const std::string& path) {
  TRY(MakeDirs(path, 0700));
  Fd dir = TRY(Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const struct stat st = TRY(StatFd(dir.get(), path));
  if (st.st_uid != ::geteuid())
    return Error(Code::kPermission, "directory '" + path + "' belongs to uid " +
                                        std::to_string(st.st_uid) + ", not to uid " +
                                        std::to_string(::geteuid()));
  if ((st.st_mode & 0077) != 0 && ::fchmod(dir.get(), 0700) < 0)
    return Error::Sys(errno, "fchmod", path);
  return dir;
}

Result<std::vector<std::string>> ListDir(int dirfd, std::string_view what) {
  std::vector<std::string> names;
  for (DirEntry& entry : TRY(ReadEntries(dirfd, what))) names.push_back(std::move(entry.name));
  return names;
}

Result<std::string> ReadLinkAt(int dirfd, const std::string& name) {
  std::array<char, PATH_MAX> target;
  const ssize_t n = ::readlinkat(dirfd, name.c_str(), target.data(), target.size());
  if (n < 0) return Error::Sys(errno, "readlink", name);
  return std::string(target.data(), static_cast<size_t>(n));
}

namespace {

constexpr off_t kSmallFile = 65536;

Status CopyByReading(int in, int out, std::string_view what) {
  for (std::array<char, kSmallFile> chunk;;) {
    const ssize_t n = ::read(in, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", what);
    if (n == 0) return Ok();
    TRY(WriteAll(out, {chunk.data(), static_cast<size_t>(n)}, what));
  }
}

// Where the kernel can't copy between the two, as between a container and the host. A hole that the container's file system
// does not tell of is found by its zeros: a block of them is not written.
Status ReadRange(int in, int out, off_t begin, off_t end, std::string_view what) {
  constexpr size_t kBlock = 64 << 10;
  std::array<char, kBlock> chunk;
  static constexpr std::array<char, kBlock> kZeros{};
  for (off_t at = begin; at < end;) {
    const ssize_t n = ::pread(in, chunk.data(), std::min(chunk.size(), static_cast<size_t>(end - at)), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", what);
    if (n == 0) return Ok();  // it became shorter meanwhile
    const size_t size = static_cast<size_t>(n);
    if (size < kBlock || std::memcmp(chunk.data(), kZeros.data(), size) != 0)
      for (size_t done = 0; done < size;) {
        const ssize_t written = ::pwrite(out, chunk.data() + done, size - done, at + static_cast<off_t>(done));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Error::Sys(errno, "write", what);
        done += static_cast<size_t>(written);
      }
    at += n;
  }
  return Ok();
}

// The bytes [begin, end) to the same place.
Status CopyRange(int in, int out, off_t begin, off_t end, std::string_view what) {
  for (off_t from = begin, to = begin; from < end;) {
    const ssize_t n = ::copy_file_range(in, &from, out, &to, static_cast<size_t>(end - from), 0);
    if (n > 0 || (n < 0 && errno == EINTR)) continue;
    if (n == 0) return Ok();  // it became shorter meanwhile
    if (from == begin && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM))
      return ReadRange(in, out, begin, end, what);
    return Error::Sys(errno, "copy", what);
  }
  return Ok();
}

// Data only, so that holes stay holes.
Status CopySparse(int in, int out, off_t size, std::string_view what) {
  for (off_t end = 0; end < size;) {
    const off_t data = ::lseek(in, end, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // the rest is a hole
    if (data < 0) return Error::Sys(errno, "lseek", what);
    end = ::lseek(in, data, SEEK_HOLE);
    if (end < 0) return Error::Sys(errno, "lseek", what);
    TRY(CopyRange(in, out, data, end, what));
  }
  if (::ftruncate(out, size) < 0) return Error::Sys(errno, "ftruncate", what);
  return Ok();
}

}  // namespace

Status CopyContents(int in, int out, std::string_view what) {
  const struct stat st = TRY(StatFd(in, what));
  // Size 0 is also said by files of procfs, which have one only when they are read.
  // And those of sysfs say more than they hold.
  const bool made_up = st.st_blocks == 0 && st.st_size <= 4096;
  if (!S_ISREG(st.st_mode) || made_up) return CopyByReading(in, out, what);
  // Of a small file without holes there is nothing to share: two system calls instead of six.
  if (st.st_size <= kSmallFile && st.st_blocks * 512 >= st.st_size) return CopyByReading(in, out, what);
  if (::ioctl(out, FICLONE, in) == 0) return Ok();
  return CopySparse(in, out, st.st_size, what);
}

}  // namespace ctool::sys
