// SPDX-License-Identifier: Apache-2.0
#include "engine/copy_tree.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/layer_stack.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::engine {
namespace {

constexpr uint64_t kExact = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

Status CopyXattrs(int from, int to, const std::string& path) {
  if (::flistxattr(from, nullptr, 0) <= 0) return Ok();  // none, as most, or a file system without them
  std::string names(64 << 10, '\0');  // XATTR_LIST_MAX
  const ssize_t length = ::flistxattr(from, names.data(), names.size());
  if (length <= 0) return Ok();
  std::string value(64 << 10, '\0');  // XATTR_SIZE_MAX
  for (const char* name = names.data(); name < names.data() + length; name += std::string_view(name).size() + 1) {
    // Overlay's own marks mean something else, or nothing, in another place.
    if (StartsWith(name, "user.overlay.") || StartsWith(name, "trusted.")) continue;
    const ssize_t size = ::fgetxattr(from, name, value.data(), value.size());
    if (size < 0) continue;
    if (::fsetxattr(to, name, value.data(), static_cast<size_t>(size), 0) < 0 && errno != EOPNOTSUPP && errno != EPERM &&
        errno != EACCES)
      return Error::Sys(errno, "set xattr " + std::string(name), path);
  }
  return Ok();
}

// Gives a file without a name this one; errno says why not.
bool LinkFile(int file, int dir, const std::string& name) {
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  return ::linkat(AT_FDCWD, path.c_str(), dir, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

// It went while we looked.
bool IsGone(const Error& error) { return error.sys_errno() == ENOENT; }
bool IsUnreadable(const Error& error) { return error.sys_errno() == EACCES || error.sys_errno() == EPERM; }

}  // namespace

std::string TreeCopier::Path(const std::string& as) const {
  if (as.empty()) return to_->path();
  return to_->path().empty() ? as : to_->path() + "/" + as;
}

std::string TreeCopier::Shown(const std::string& as) const {
  const std::string& base = options_.shown;
  return base + (base.empty() || base.back() == '/' ? "" : "/") + Path(as);
}

Error TreeCopier::FileExists(const std::string& as, bool directory) const {
  const std::string shown = Shown(as);
  return Error(Code::kAlreadyExists, "error creating " + Quote(shown) + ": " + (directory ? "mkdir " : "open ") +
                                         Printable(shown) + ": file exists");
}

Status TreeCopier::Begin(sys::Fd from, sys::Fd to) {
  const struct stat st = TRY(sys::StatFd(to.get(), "target"));
  base_ = {st.st_dev, st.st_ino};
  links_.clear();
  levels_.clear();
  from_.emplace(std::move(from));
  to_.emplace(std::move(to));
  return Ok();
}

Status TreeCopier::CopyContents(sys::Fd from, sys::Fd to) {
  Level level;
  level.names = TRY(sys::ListDir(from.get(), "source"));
  TRY(Begin(std::move(from), std::move(to)));
  levels_.push_back(std::move(level));
  return Walk();
}

Status TreeCopier::CopyEntry(sys::Fd from, const std::string& name, sys::Fd to, const std::string& as) {
  TRY(Begin(std::move(from), std::move(to)));
  levels_.emplace_back();
  at_entry_ = true;
  TRY(Handle(name, as));
  return Walk();
}

Status TreeCopier::Walk() {
  for (;;) {
    Level& level = levels_.back();
    if (level.next < level.names.size()) {
      const std::string name = level.names[level.next++];  // a copy: entering a directory moves `level`
      TRY(Handle(name, name));
    } else if (levels_.size() > 1) {
      TRY(EndDirectory());
    } else {
      return Ok();
    }
  }
}

Status TreeCopier::Handle(const std::string& name, const std::string& as) {
  if (options_.skip && options_.skip(from_->path().empty() ? name : from_->path() + "/" + name)) return Ok();
  const int from = TRY(from_->Current()), to = TRY(to_->Current());
  struct stat st {};
  if (::fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT) return Ok();  // it went while we looked
    return Error::Sys(errno, "stat", Shown(as));
  }
  // Whoever asked for the entry has followed its links: one that is there now is somebody's trap for the next copy.
  if (std::exchange(at_entry_, false) && S_ISLNK(st.st_mode))
    return Error(Code::kBusy, Quote(name) + " was replaced by a symbolic link meanwhile");
  if (S_ISDIR(st.st_mode)) return BeginDirectory(name, as, st);
  if (options_.layer && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) return sys::RemoveTree(to, as);
  if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) && !S_ISFIFO(st.st_mode)) return Ok();
  if (st.st_nlink > 1 && TRY(CopyLink(st, to, as))) return Ok();
  if (S_ISREG(st.st_mode)) {
    Status copied = CopyFile(from, name, to, as);
    if (!copied.ok() && options_.skip_unreadable && IsUnreadable(copied.error())) {
      Debug(copied.error().Message());
      return Ok();
    }
    TRY(std::move(copied));
  } else {
    TRY(S_ISLNK(st.st_mode) ? CopySymlink(from, name, to, as, st) : CopyFifo(to, as, st));
  }
  if (st.st_nlink > 1) Remember(st, to, as);
  return Ok();
}

// What is in the way of a file (or, if `directory`, of one) goes.
Status TreeCopier::MakeRoom(int to, const std::string& as, bool directory) {
  struct stat there {};
  if (::fstatat(to, as.c_str(), &there, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT) return Ok();
    return Error::Sys(errno, "stat", Shown(as));
  }
  if (directory != static_cast<bool>(S_ISDIR(there.st_mode)) && (directory || S_ISDIR(there.st_mode)) && !options_.replace)
    return FileExists(as, directory);
  return sys::RemoveTree(to, as);
}

Status TreeCopier::BeginDirectory(const std::string& name, const std::string& as, const struct stat& st) {
  // There would be no end to it: what is made below would be found, and copied, too.
  if (Inode{st.st_dev, st.st_ino} == base_)
    return Error(Code::kInvalidArgument, "cannot copy directory " + Quote(name) + " into itself, " + Quote(Shown(as)));
  Status entered = from_->Enter(name);
  if (!entered.ok() && (IsGone(entered.error()) || (options_.skip_unreadable && IsUnreadable(entered.error())))) return Ok();
  TRY(std::move(entered));
  const int from = TRY(from_->Current()), to = TRY(to_->Current());
  struct stat there {};
  const bool exists = ::fstatat(to, as.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && S_ISLNK(there.st_mode) && options_.follow)
    if (std::optional<sys::Fd> into = TRY(options_.follow(Path(as)))) return CopyBehindLink(as, std::move(*into));
  if (exists && (!S_ISDIR(there.st_mode) || (options_.layer && IsOpaque(from)))) TRY(MakeRoom(to, as, true));
  if (::mkdirat(to, as.c_str(), 0700) < 0 && errno != EEXIST) return Error::Sys(errno, "mkdir", Shown(as));
  TRY(to_->Enter(as));
  Level level;
  level.st = st;
  level.keep = exists && S_ISDIR(there.st_mode) && options_.keep_directories;
  level.names = TRY(sys::ListDir(from, Shown("")));
  levels_.push_back(std::move(level));
  return Ok();
}

// By a copier of its own: the way back from there is not the one that led here. What has hard links on both sides is copied twice.
Status TreeCopier::CopyBehindLink(const std::string& as, sys::Fd into) {
  const std::string source = from_->path(), target = Path(as);
  CopyTreeOptions options = options_;
  options.shown = Shown(as);
  if (options_.skip) options.skip = [this, source](const std::string& path) { return options_.skip(source + "/" + path); };
  options.follow = [this, target](const std::string& path) { return options_.follow(target + "/" + path); };
  sys::Fd from = TRY(sys::OpenAt(TRY(from_->Current()), ".", O_RDONLY | O_DIRECTORY));
  Status copied = TreeCopier(std::move(options)).CopyContents(std::move(from), std::move(into));
  from_->Leave();
  return copied;
}

// Owner, mode and times come last: making entries needs the directory to be ours, and changes its times.
Status TreeCopier::EndDirectory() {
  const int from = TRY(from_->Current()), to = TRY(to_->Current());
  if (!levels_.back().keep) TRY(SetAttributes(from, to, levels_.back().st, Shown("")));
  from_->Leave();
  to_->Leave();
  levels_.pop_back();
  return Ok();
}

// A file gets its name when it is whole: whatever ends us before leaves nothing, and what was there stays.
Status TreeCopier::CopyFile(int from, const std::string& name, int to, const std::string& as) {
  const std::string shown = Shown(as);
  Result<sys::Fd> opened = sys::OpenAt(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!opened.ok() && IsGone(opened.error())) return Ok();
  const sys::Fd in = TRY(std::move(opened));
  // Of what was opened: the name may mean something else by now.
  const struct stat st = TRY(sys::StatFd(in.get(), shown));
  if (!S_ISREG(st.st_mode)) return Ok();
  if (options_.unseen) {
    // With its last permissions, which then need not be changed.
    sys::Fd out = TRY(MakeFile(to, as, ModeOf(st) & 0777));
    TRY(sys::CopyContents(in.get(), out.get(), shown));
    TRY(SetAttributes(in.get(), out.get(), st, shown));
    return out.Close(shown);
  }
  struct stat there {};
  // The same file, by another way: it is there already, and would be emptied first.
  if (::fstatat(to, as.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_dev == st.st_dev && there.st_ino == st.st_ino) return Ok();
  Result<sys::Fd> unnamed = sys::OpenAt(to, ".", O_TMPFILE | O_RDWR, 0600);
  // Not every file system has such files (NFS, FUSE); a folder that we may not write to can hold a file that we may.
  sys::Fd out = unnamed.ok() ? std::move(*unnamed) : TRY(MakeFile(to, as, 0600));
  TRY(sys::CopyContents(in.get(), out.get(), shown));
  TRY(SetAttributes(in.get(), out.get(), st, shown));
  if (unnamed.ok()) TRY(GiveName(out.get(), to, as));
  return out.Close(shown);
}

Result<sys::Fd> TreeCopier::MakeFile(int to, const std::string& as, mode_t mode) {
  constexpr int kNew = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
  Result<sys::Fd> made = sys::OpenAt(to, as, kNew, mode);
  if (made.ok() || made.error().sys_errno() != EEXIST) return made;
  const Status removed = MakeRoom(to, as, false);
  return removed.ok() ? sys::OpenAt(to, as, kNew, mode) : OpenInPlace(to, as, removed.error());
}

// What can't be removed: a mount point, such as a container's /etc/hosts, is written to as it is.
Result<sys::Fd> TreeCopier::OpenInPlace(int to, const std::string& as, const Error& removed) {
  if (removed.code() == Code::kAlreadyExists) return removed;
  Result<sys::Fd> opened = sys::OpenAt(to, as, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!opened.ok()) return removed;
  if (!S_ISREG(TRY(sys::StatFd(opened->get(), Shown(as))).st_mode)) return removed;
  if (::ftruncate(opened->get(), 0) < 0) return Error::Sys(errno, "truncate", Shown(as));
  return opened;
}

Status TreeCopier::GiveName(int file, int to, const std::string& as) {
  if (LinkFile(file, to, as)) return Ok();
  if (errno != EEXIST) return Error::Sys(errno, "link", Shown(as));
  struct stat there {};
  if (::fstatat(to, as.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(there.st_mode)) {
    TRY(MakeRoom(to, as, false));
    return LinkFile(file, to, as) ? Ok() : Status(Error::Sys(errno, "link", Shown(as)));
  }
  Status replaced = Replace(file, to, as);
  if (replaced.ok()) return Ok();
  sys::Fd out = TRY(OpenInPlace(to, as, replaced.error()));
  if (::lseek(file, 0, SEEK_SET) < 0) return Error::Sys(errno, "seek in", Shown(as));
  TRY(sys::CopyContents(file, out.get(), Shown(as)));
  TRY(SetAttributes(file, out.get(), TRY(sys::StatFd(file, Shown(as))), Shown(as)));
  return out.Close(Shown(as));
}

// By a name of its own, which takes the place of the other in one step: a link can't.
Status TreeCopier::Replace(int file, int to, const std::string& as) {
  // Seen from elsewhere (a container's mounts from the host's namespace) it would be taken down, and be lost.
  if (sys::IsMountPoint(to, as)) return Error(Code::kBusy, Quote(Shown(as)) + " is a mount point");
  std::string own;
  for (int i = 0; own.empty(); ++i) {
    own = ".ctool-cp-" + std::to_string(::getpid()) + "-" + std::to_string(i);
    if (LinkFile(file, to, own)) break;
    if (errno != EEXIST) return Error::Sys(errno, "link", Shown(own));
    own.clear();
  }
  if (::renameat(to, own.c_str(), to, as.c_str()) == 0) return Ok();
  Error error = Error::Sys(errno, "replace", Shown(as));
  ::unlinkat(to, own.c_str(), 0);
  return error;
}

Status TreeCopier::CopySymlink(int from, const std::string& name, int to, const std::string& as, const struct stat& st) {
  const Result<std::string> target = sys::ReadLinkAt(from, name);
  if (!target.ok() && IsGone(target.error())) return Ok();
  if (!target.ok()) return target.error();
  if (::symlinkat(target->c_str(), to, as.c_str()) < 0) {
    if (errno != EEXIST) return Error::Sys(errno, "symlink", Shown(as));
    TRY(MakeRoom(to, as, false));
    if (::symlinkat(target->c_str(), to, as.c_str()) < 0) return Error::Sys(errno, "symlink", Shown(as));
  }
  return SetOwnerAndTimes(to, as, st);
}

Status TreeCopier::CopyFifo(int to, const std::string& as, const struct stat& st) {
  TRY(MakeRoom(to, as, false));
  if (::mkfifoat(to, as.c_str(), st.st_mode & 07777) < 0) return Error::Sys(errno, "mkfifo", Shown(as));
  TRY(SetOwnerAndTimes(to, as, st));
  const sys::Fd made = TRY(sys::OpenAt(to, as, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (::fchmod(made.get(), st.st_mode & 07777) < 0) return Error::Sys(errno, "chmod", Shown(as));
  return Ok();
}

// A further name of a file that was copied already. False: copy it (again), for the first is no longer what we made.
Result<bool> TreeCopier::CopyLink(const struct stat& st, int to, const std::string& as) {
  const auto known = links_.find({st.st_dev, st.st_ino});
  if (known == links_.end()) return false;
  const std::string& path = known->second.path;
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const Result<sys::Fd> parent = sys::Openat2(to_->Base(), folder, O_PATH | O_DIRECTORY, 0, kExact);
  struct stat first {};
  if (!parent.ok() || ::fstatat(parent->get(), name.c_str(), &first, AT_SYMLINK_NOFOLLOW) < 0 ||
      first.st_dev != known->second.dev || first.st_ino != known->second.ino)
    return false;
  if (::linkat(parent->get(), name.c_str(), to, as.c_str(), 0) < 0) {
    if (errno != EEXIST) return Error::Sys(errno, "link", Shown(as));
    TRY(MakeRoom(to, as, false));
    if (::linkat(parent->get(), name.c_str(), to, as.c_str(), 0) < 0) return Error::Sys(errno, "link", Shown(as));
  }
  return true;
}

void TreeCopier::Remember(const struct stat& source, int to, const std::string& as) {
  struct stat made {};
  if (::fstatat(to, as.c_str(), &made, AT_SYMLINK_NOFOLLOW) == 0)
    links_[{source.st_dev, source.st_ino}] = Link{Path(as), made.st_dev, made.st_ino};
}

Status TreeCopier::ChangeOwner(int fd, const char* name, const struct stat& st, const std::string& path) const {
  const auto [uid, gid] = options_.owner.value_or(std::pair(st.st_uid, st.st_gid));
  if (::fchownat(fd, name, uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0) return Ok();
  if (options_.any_owner && (errno == EINVAL || errno == EPERM)) return Ok();
  return Error::Sys(errno, "chown " + std::to_string(uid) + ":" + std::to_string(gid), path);
}

Status TreeCopier::SetOwnerAndTimes(int dir, const std::string& as, const struct stat& st) const {
  TRY(ChangeOwner(dir, as.c_str(), st, Shown(as)));
  const timespec times[2] = {st.st_atim, st.st_mtim};
  if (::utimensat(dir, as.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0) return Error::Sys(errno, "set times", Shown(as));
  return Ok();
}

mode_t TreeCopier::ModeOf(const struct stat& st) const {
  return options_.mode ? options_.mode(st.st_mode & 07777, S_ISDIR(st.st_mode)) : st.st_mode & 07777;
}

// chown clears set-id bits and file capabilities: it comes first. What is right already is only looked at: a change is
// an inode written.
Status TreeCopier::SetAttributes(int from, int to, const struct stat& st, const std::string& path) const {
  const struct stat now = TRY(sys::StatFd(to, path));
  const auto [uid, gid] = options_.owner.value_or(std::pair(st.st_uid, st.st_gid));
  const bool owned = now.st_uid == uid && now.st_gid == gid;
  if (!owned) TRY(ChangeOwner(to, "", st, path));
  const mode_t mode = ModeOf(st);
  if ((!owned || (now.st_mode & 07777) != mode) && ::fchmod(to, mode) < 0) return Error::Sys(errno, "chmod", path);
  TRY(CopyXattrs(from, to, path));
  const timespec times[2] = {st.st_atim, st.st_mtim};
  if (::futimens(to, times) < 0) return Error::Sys(errno, "set times", path);
  return Ok();
}

}  // namespace ctool::engine
