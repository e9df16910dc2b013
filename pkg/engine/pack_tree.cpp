// SPDX-License-Identifier: Apache-2.0
#include "engine/pack_tree.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/layer_stack.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kChunk = 256 << 10;
constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

Result<std::vector<std::string>> SortedNames(int dir, const std::string& path) {
  std::vector<std::string> names = TRY(sys::ListDir(dir, path));
  std::sort(names.begin(), names.end());
  return names;
}

// What an image may hold: the user's own, and the capabilities of programs.
std::vector<archive::Xattr> XattrsOf(int fd) {
  std::vector<archive::Xattr> xattrs;
  if (::flistxattr(fd, nullptr, 0) <= 0) return xattrs;  // as most
  std::string names(64 << 10, '\0');  // XATTR_LIST_MAX
  const ssize_t length = ::flistxattr(fd, names.data(), names.size());
  if (length <= 0) return xattrs;
  names.resize(static_cast<size_t>(length));
  for (const std::string& name : Split(names, '\0')) {
    const bool user = StartsWith(name, "user.") && !StartsWith(name, "user.overlay.") && !StartsWith(name, "user.containers.");
    if (!user && name != "security.capability") continue;
    // The archive's records are KEY=VALUE: it would be read as another one.
    if (name.find('=') != std::string::npos) continue;
    std::string value(64 << 10, '\0');  // XATTR_SIZE_MAX
    const ssize_t size = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (size < 0) continue;
    value.resize(static_cast<size_t>(size));
    xattrs.push_back({name, std::move(value)});
  }
  std::sort(xattrs.begin(), xattrs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return xattrs;
}

// The pieces of a file that are data; nothing when it has no holes worth the name.
std::optional<archive::TarWriter::Extents> ExtentsOf(int fd, const struct stat& st) {
  if (static_cast<uint64_t>(st.st_blocks) * 512 >= static_cast<uint64_t>(st.st_size)) return std::nullopt;
  archive::TarWriter::Extents extents;
  for (off_t at = 0; at < st.st_size;) {
    const off_t begin = ::lseek(fd, at, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) break;  // the rest is a hole
    const off_t end = begin < 0 ? -1 : ::lseek(fd, begin, SEEK_HOLE);
    if (end < 0) return std::nullopt;
    const off_t stop = std::min(end, st.st_size);
    if (stop <= begin) break;
    extents.emplace_back(static_cast<uint64_t>(begin), static_cast<uint64_t>(stop - begin));
    at = stop;
    if (extents.size() >= archive::kMaxSparseExtents - 1) return std::nullopt;
  }
  const bool whole = extents.size() == 1 && extents[0].first == 0 && extents[0].second == static_cast<uint64_t>(st.st_size);
  return whole ? std::nullopt : std::optional(std::move(extents));
}

}  // namespace

bool TreePacker::IsLeftOut(const Error& error) const {
  const int err = error.sys_errno();
  return err == ENOENT || (options_.skip_unreadable && (err == EACCES || err == EPERM));
}

archive::Entry TreePacker::EntryOf(const std::string& path, const struct stat& st) const {
  archive::Entry entry;
  entry.path = path;
  entry.mode = st.st_mode & 07777;
  entry.uid = options_.owner ? options_.owner->first : st.st_uid;
  entry.gid = options_.owner ? options_.owner->second : st.st_gid;
  entry.mtime = st.st_mtim;
  return entry;
}

Status TreePacker::PackRoot(int dir) {
  const struct stat st = TRY(sys::StatFd(dir, "root"));
  archive::Entry entry = EntryOf(".", st);
  entry.type = archive::EntryType::kDirectory;
  entry.xattrs = XattrsOf(dir);
  TRY(tar_.Begin(entry));
  return tar_.End();
}

Status TreePacker::PackContents(sys::Fd dir) {
  links_.clear();
  renamed_from_.clear();
  renamed_to_.clear();
  levels_.assign(1, Level{TRY(SortedNames(dir.get(), "/")), 0});
  stack_.emplace(std::move(dir));
  return Walk();
}

Status TreePacker::PackEntry(sys::Fd dir, const std::string& name, const std::string& as) {
  links_.clear();
  renamed_from_ = name;
  renamed_to_ = as;
  levels_.assign(1, Level{});
  stack_.emplace(std::move(dir));
  TRY(Handle(name, as));
  return Walk();
}

Status TreePacker::Walk() {
  for (;;) {
    Level& level = levels_.back();
    if (level.next < level.names.size()) {
      const std::string name = level.names[level.next++];  // a copy: entering a directory moves `level`
      const std::string path = (stack_->path().empty() ? "" : stack_->path() + "/") + name;
      TRY(Handle(name, renamed_to_ + path.substr(renamed_from_.size())));
    } else if (levels_.size() > 1) {
      stack_->Leave();
      levels_.pop_back();
    } else {
      return Ok();
    }
  }
}

Status TreePacker::Handle(const std::string& name, const std::string& as) {
  const int dir = TRY(stack_->Current());
  struct stat st {};
  if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT && as != renamed_to_) return Ok();  // it went while we looked
    return Error::Sys(errno, "stat", as);
  }
  if (options_.skip && options_.skip(as, st)) return Ok();
  if (S_ISDIR(st.st_mode)) return PackDirectory(name, as, st);
  if (options_.layer && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
    const size_t slash = as.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : as.substr(0, slash + 1);
    return PackMarker(folder + std::string(kWhiteout) + name, st);
  }
  archive::Entry entry = EntryOf(as, st);
  if (st.st_nlink > 1 && !S_ISDIR(st.st_mode)) {
    const auto [known, fresh] = links_.emplace(Inode{st.st_dev, st.st_ino}, as);
    if (!fresh) {
      entry.type = archive::EntryType::kHardLink;
      entry.link = known->second;
      TRY(tar_.Begin(entry));
      return tar_.End();
    }
  }
  if (S_ISREG(st.st_mode)) {
    Status packed = PackFile(dir, name, entry);
    if (packed.ok() || !IsLeftOut(packed.error())) return packed;
    Debug(packed.error().Message());
    links_.erase({st.st_dev, st.st_ino});
    return Ok();
  }
  if (S_ISLNK(st.st_mode)) {
    entry.type = archive::EntryType::kSymlink;
    Result<std::string> target = sys::ReadLinkAt(dir, name);
    if (!target.ok() && IsLeftOut(target.error())) {
      links_.erase({st.st_dev, st.st_ino});
      return Ok();
    }
    entry.link = TRY(std::move(target));
  } else if (S_ISFIFO(st.st_mode)) {
    entry.type = archive::EntryType::kFifo;
  } else {
    links_.erase({st.st_dev, st.st_ino});
    return Ok();
  }
  TRY(tar_.Begin(entry));
  return tar_.End();
}

// An empty file that means something is gone below (image-spec, "Whiteouts").
Status TreePacker::PackMarker(const std::string& path, const struct stat& st) {
  archive::Entry entry = EntryOf(path, st);
  entry.mode = 0;
  TRY(tar_.Begin(entry));
  return tar_.End();
}

Status TreePacker::PackDirectory(const std::string& name, const std::string& path, const struct stat& st) {
  Status entered = stack_->Enter(name);
  if (!entered.ok() && IsLeftOut(entered.error())) return Ok();
  TRY(std::move(entered));
  const int dir = TRY(stack_->Current());
  archive::Entry entry = EntryOf(path, st);
  entry.type = archive::EntryType::kDirectory;
  entry.xattrs = XattrsOf(dir);
  TRY(tar_.Begin(entry));
  TRY(tar_.End());
  if (options_.layer && IsOpaque(dir)) TRY(PackMarker(path + "/" + std::string(kOpaque), st));
  levels_.push_back(Level{TRY(SortedNames(dir, path)), 0});
  return Ok();
}

Status TreePacker::PackFile(int dir, const std::string& name, archive::Entry& entry) {
  const sys::Fd fd = TRY(sys::OpenAt(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  // Of what was opened: the name may mean something else by now.
  const struct stat st = TRY(sys::StatFd(fd.get(), entry.path));
  if (!S_ISREG(st.st_mode)) return Ok();
  entry.size = static_cast<uint64_t>(st.st_size);
  entry.xattrs = XattrsOf(fd.get());
  const std::optional<archive::TarWriter::Extents> extents = ExtentsOf(fd.get(), st);
  entry.sparse = extents.has_value();
  TRY(tar_.Begin(entry, extents.value_or(archive::TarWriter::Extents{})));
  if (!extents) TRY(CopyData(fd.get(), 0, entry.size, entry.path));
  else
    for (const auto& [offset, length] : *extents) TRY(CopyData(fd.get(), offset, length, entry.path));
  return tar_.End();
}

// What was promised, also of a file that is cut off meanwhile: zeros then.
Status TreePacker::CopyData(int fd, uint64_t offset, uint64_t length, const std::string& path) {
  chunk_.resize(kChunk);
  while (length > 0) {
    const size_t want = static_cast<size_t>(std::min<uint64_t>(length, chunk_.size()));
    ssize_t n = ::pread(fd, chunk_.data(), want, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", path);
    if (n == 0) {
      std::fill_n(chunk_.begin(), want, '\0');
      n = static_cast<ssize_t>(want);
    }
    TRY(tar_.Write({chunk_.data(), static_cast<size_t>(n)}));
    offset += static_cast<uint64_t>(n);
    length -= static_cast<uint64_t>(n);
  }
  return Ok();
}

}  // namespace ctool::engine
