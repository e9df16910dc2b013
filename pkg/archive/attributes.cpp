// SPDX-License-Identifier: Apache-2.0
#include "archive/attributes_internal.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <tuple>
#include <utility>

#include "archive/entry_path_internal.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::archive {
namespace {

constexpr auto kLeave = static_cast<uid_t>(-1);

// umask(2) can only be read by setting it, which other threads would notice. Linux 4.7.
std::optional<mode_t> CurrentUmask() {
  const Result<std::string> status = sys::ReadFile("/proc/thread-self/status");
  if (!status.ok()) return std::nullopt;
  const size_t at = status->find("\nUmask:\t");
  if (at == std::string::npos) return std::nullopt;
  mode_t mask = 0;
  for (size_t i = at + 8; i < status->size() && (*status)[i] >= '0' && (*status)[i] <= '7'; ++i)
    mask = mask << 3 | static_cast<mode_t>((*status)[i] - '0');
  return mask;
}

// A version 2 file capability (struct vfs_cap_data): in a user namespace the kernel itself turns
// it into version 3, bound to the namespace's root. A version 3 from outside names somebody else's.
bool IsPlainCapability(std::string_view value) {
  return value.size() == 20 && value[3] == 2 && value[2] == 0 && value[1] == 0;
}

// What overlayfs and container tools keep in xattrs, and what security modules trust, is not for
// an image to say: user.overlay.opaque on /bin would make the image unusable.
bool IsAllowed(const Entry& entry, const Xattr& xattr) {
  const bool file = entry.type == EntryType::kFile;
  if (xattr.name == "security.capability") return file && IsPlainCapability(xattr.value);
  if (!file && entry.type != EntryType::kDirectory) return false;  // the kernel has it so
  return StartsWith(xattr.name, "user.") && xattr.name.size() > 5 && xattr.name.size() <= 255 &&
         xattr.name.find('\0') == std::string::npos &&
         !StartsWith(xattr.name, "user.overlay.") && !StartsWith(xattr.name, "user.containers.");
}

}  // namespace

AttributeWriter::AttributeWriter(const sys::Root& dest, const UnpackOptions& options,
                                 UnpackStats& stats)
    : options_(options), stats_(stats), new_uid_(::geteuid()) {
  if (options.merge) {  // directories of others, with whatever set-group-ID bits and ACLs: everything is set
    new_uid_ = kLeave;
    return;
  }
  struct stat st {};
  if (::fstat(dest.fd(), &st) < 0) return;
  // With a set-group-ID bit, or on a file system mounted with grpid, new files get the directory's
  // group. Directories get their owners at the end, so that this one stands for all.
  if (st.st_gid == ::getegid()) new_gid_ = st.st_gid;
  dirs_inherit_ = (st.st_mode & S_ISGID) != 0;
  const Result<sys::Fd> dir = dest.Open(".", O_RDONLY | O_DIRECTORY);
  // A default ACL takes the place of the umask.
  const bool has_acl =
      !dir.ok() || ::fgetxattr(dir->get(), "system.posix_acl_default", nullptr, 0) >= 0;
  if (!has_acl) umask_ = CurrentUmask();
}

Result<bool> AttributeWriter::SelectId(std::string_view kind, uint32_t id,
                                       const std::vector<IdRange>& ranges,
                                       const Entry& entry) const {
  const auto holds = [id](const IdRange& r) { return id >= r.first && id - r.first < r.count; };
  if (ranges.empty() || std::any_of(ranges.begin(), ranges.end(), holds)) return true;
  if (options_.ignore_chown_errors) return false;
  std::string have;
  for (const IdRange& r : ranges) {
    have += have.empty() ? "" : ", ";
    have += std::to_string(r.first) + "-" + std::to_string(uint64_t{r.first} + r.count - 1);
  }
  return Error(Code::kPermission, std::string(kind) + " " + std::to_string(id) + " of " +
                                      Shown(entry.path) + " is not mapped: there are " + have)
      .Hint("give the user more subordinate ids in /etc/subuid and /etc/subgid, or let the files "
            "belong to the user with the storage option ignore_chown_errors; see: ctool doctor");
}

Result<Attributes> AttributeWriter::Select(Entry& entry) const {
  Attributes wanted;
  wanted.mode = entry.mode;
  wanted.mtime = entry.mtime;
  if (options_.owner) std::tie(entry.uid, entry.gid) = *options_.owner;
  const bool uid_exists = TRY(SelectId("uid", entry.uid, options_.uids, entry));
  const bool gid_exists = TRY(SelectId("gid", entry.gid, options_.gids, entry));
  if (uid_exists) wanted.uid = entry.uid;
  if (gid_exists) wanted.gid = entry.gid;
  if (!uid_exists || !gid_exists) ++stats_.dropped_ids;
  for (Xattr& xattr : entry.xattrs) {
    if (IsAllowed(entry, xattr)) wanted.xattrs.push_back(std::move(xattr));
    else ++stats_.dropped_xattrs;
  }
  return wanted;
}

std::optional<mode_t> AttributeWriter::NewMode(mode_t asked, bool is_dir) const {
  if (!umask_.has_value() || (is_dir && dirs_inherit_)) return std::nullopt;
  return asked & 0777 & ~*umask_;
}

Status AttributeWriter::ExplainChown(int err, const std::string& path,
                                     const Attributes& wanted) const {
  if (err != EPERM && err != EINVAL) return Error::Sys(err, "chown", path);
  if (options_.ignore_chown_errors) {
    ++stats_.dropped_ids;
    return Ok();
  }
  const auto text = [](uid_t id) { return id == kLeave ? "-" : std::to_string(id); };
  return Error::Sys(err, "chown " + text(wanted.uid) + ":" + text(wanted.gid), path)
      .As(Code::kPermission);
}

Status AttributeWriter::Apply(int fd, const std::string& path, const Attributes& wanted,
                              std::optional<mode_t> present) const {
  // -1 stays -1 in these comparisons: nothing to do when it is also what a new file has.
  const uid_t uid = wanted.uid == new_uid_ ? kLeave : wanted.uid;
  const gid_t gid = wanted.gid == new_gid_ ? kLeave : wanted.gid;
  if ((uid != kLeave || gid != kLeave) && ::fchown(fd, uid, gid) < 0)
    TRY(ExplainChown(errno, path, wanted));
  if (present != wanted.mode && ::fchmod(fd, wanted.mode) < 0)
    return Error::Sys(errno, "chmod", path);
  for (const Xattr& xattr : wanted.xattrs) {
    if (::fsetxattr(fd, xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) == 0) continue;
    // The file system has no such attributes, or we lack the right in the parent namespace.
    if (errno != EOPNOTSUPP && errno != EPERM && errno != EACCES)
      return Error::Sys(errno, "set xattr " + xattr.name, path);
    ++stats_.dropped_xattrs;
  }
  const timespec times[2] = {wanted.mtime, wanted.mtime};
  if (::futimens(fd, times) < 0) return Error::Sys(errno, "set times", path);
  return Ok();
}

Status AttributeWriter::ApplyAt(int dirfd, const char* name, const std::string& path,
                                const Attributes& wanted, bool is_link,
                                std::optional<mode_t> present) const {
  const uid_t uid = wanted.uid == new_uid_ ? kLeave : wanted.uid;
  const gid_t gid = wanted.gid == new_gid_ ? kLeave : wanted.gid;
  if ((uid != kLeave || gid != kLeave) &&
      ::fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
    TRY(ExplainChown(errno, path, wanted));
  if (!is_link && present != wanted.mode &&
      ::fchmodat(dirfd, name, wanted.mode, AT_SYMLINK_NOFOLLOW) < 0)
    return Error::Sys(errno, "chmod", path);
  const timespec times[2] = {wanted.mtime, wanted.mtime};
  if (::utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
    return Error::Sys(errno, "set times", path);
  return Ok();
}

}  // namespace ctool::archive
