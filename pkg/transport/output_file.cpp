// SPDX-License-Identifier: Apache-2.0
#include "transport/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::transport {
namespace {

constexpr mode_t kMode = 0666;  // less the umask

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where the path leads: a link there is not what is replaced.
std::string Resolved(const std::string& path) {
  std::string resolved(PATH_MAX, '\0');
  return ::realpath(path.c_str(), resolved.data()) == nullptr ? path : std::string(resolved.c_str());
}

std::string DraftName(const std::string& path) {
  return FolderOf(path) + "/.ctool-" + RandomHexId().substr(0, 16) + ".tmp";
}

}  // namespace

Result<OutputFile> OutputFile::Create(const std::string& path) {
  OutputFile out;
  out.what_ = path;
  const std::string target = Resolved(path);
  struct stat st {};
  if (::stat(target.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
    out.fd_ = TRY(sys::Open(target, O_WRONLY));
    return out;
  }
  out.path_ = target;
  TRY(out.OpenDraft());
  return out;
}

Result<OutputFile> OutputFile::CreateIn(int dir, const std::string& name) {
  OutputFile out;
  out.what_ = name;
  struct stat st {};
  if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
    return Error::Sys(EISDIR, "open", name);
  out.path_ = "/proc/self/fd/" + std::to_string(dir) + "/" + name;
  TRY(out.OpenDraft());
  return out;
}

Status OutputFile::OpenDraft() {
  Result<sys::Fd> nameless = sys::Open(FolderOf(path_), O_TMPFILE | O_RDWR, kMode);
  if (nameless.ok()) {
    fd_ = std::move(*nameless);
    return Ok();
  }
  const int err = nameless.error().sys_errno();
  if (err != EOPNOTSUPP && err != EISDIR && err != EINVAL && err != ENOENT) return Error::Sys(err, "open", what_);
  std::string draft = DraftName(path_);
  Result<sys::Fd> named = sys::Open(draft, O_RDWR | O_CREAT | O_EXCL, kMode);
  if (!named.ok()) return Error::Sys(named.error().sys_errno(), "open", what_);
  fd_ = std::move(*named);
  draft_ = std::move(draft);
  return Ok();
}

OutputFile OutputFile::Borrow(int fd, std::string what) {
  OutputFile out;
  out.borrowed_ = fd;
  out.what_ = std::move(what);
  return out;
}

OutputFile::OutputFile(OutputFile&& o) noexcept
    : fd_(std::move(o.fd_)), borrowed_(o.borrowed_), what_(std::move(o.what_)),
      path_(std::exchange(o.path_, {})), draft_(std::exchange(o.draft_, {})) {}

OutputFile::~OutputFile() {
  if (!draft_.empty()) ::unlink(draft_.c_str());
}

Status OutputFile::Name(const std::string& draft) const {
  const std::string source = "/proc/self/fd/" + std::to_string(fd_.get());
  if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, draft.c_str(), AT_SYMLINK_FOLLOW) < 0)
    return Error::Sys(errno, "link", draft);
  return Ok();
}

Status OutputFile::Publish() {
  if (path_.empty()) return fd_ ? fd_.Close(what_) : Ok();
  if (draft_.empty()) {
    // Where nothing is to be replaced the file gets its name at once.
    const Status named = Name(path_);
    if (named.ok()) {
      path_.clear();
      return fd_.Close(what_);
    }
    if (named.error().sys_errno() != EEXIST) return named;
    draft_ = DraftName(path_);
    TRY(Name(draft_));
  }
  TRY(fd_.Close(what_));
  if (::rename(draft_.c_str(), path_.c_str()) < 0) return Error::Sys(errno, "rename", path_);
  draft_.clear();
  path_.clear();
  return Ok();
}

}  // namespace ctool::transport
