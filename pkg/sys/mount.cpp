// SPDX-License-Identifier: Apache-2.0
#include "sys/mount.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <array>

namespace ctool::sys {
namespace {

// The kernel explains a failed fsconfig on the context itself: lines of "e reason".
std::string KernelReason(int fs) {
  std::string reason;
  std::array<char, 512> line;
  for (ssize_t n; (n = ::read(fs, line.data(), line.size())) > 0;) {
    std::string_view text(line.data(), static_cast<size_t>(n));
    if (text.size() > 2 && text[1] == ' ') text.remove_prefix(2);
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    reason.append(reason.empty() ? "" : "; ").append(text);
  }
  return reason;
}

// What a filter that knows nothing newer than mount(2) says.
Error Refused(int err, std::string_view call, std::string_view object = {}) {
  Error error = Error::Sys(err, call, object);
  if (err != ENOSYS && err != EPERM) return error;
  return std::move(error).Hint("a seccomp filter around ctool, or a kernel before 5.12, may refuse the calls that mounts are made with (fsopen, fsconfig, fsmount, "
                               "open_tree, move_mount, mount_setattr): allow them there; see: ctool doctor");
}

Error Explain(int err, int fs, const std::string& what) {
  const std::string reason = KernelReason(fs);
  if (reason.empty() && (err == EPERM || err == ENOSYS)) return Refused(err, what);
  return Error::Sys(err, reason.empty() ? what : what + " (" + reason + ")");
}

}  // namespace

Result<DetachedMount> DetachedMount::New(const std::string& type, const std::string& source,
                                         const Options& options, uint64_t attributes) {
  const Fd fs(::fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!fs) return Refused(errno, "fsopen", type);
  if (::fsconfig(fs.get(), FSCONFIG_SET_STRING, "source", source.c_str(), 0) < 0)
    return Explain(errno, fs.get(), "source of a new " + type);
  for (const auto& [key, value] : options) {
    const int r = value.empty()
                      ? ::fsconfig(fs.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0)
                      : ::fsconfig(fs.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0);
    if (r < 0) return Explain(errno, fs.get(), "option " + key + " of a new " + type);
  }
  if (::fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
    return Explain(errno, fs.get(), "create a " + type);
  Fd mount(::fsmount(fs.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
  if (!mount && (errno == EPERM || errno == ENOSYS)) return Refused(errno, "fsmount of a " + type);
  if (!mount) return Explain(errno, fs.get(), "fsmount of a " + type);
  return DetachedMount(std::move(mount));
}

Result<DetachedMount> DetachedMount::Clone(int dirfd, const std::string& path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  if (path.empty()) flags |= AT_EMPTY_PATH;
  if (recursive) flags |= AT_RECURSIVE;
  Fd tree(::open_tree(dirfd, path.c_str(), flags));
  if (!tree) return Refused(errno, "open_tree", path);
  return DetachedMount(std::move(tree));
}

Status DetachedMount::SetAttributes(uint64_t set, uint64_t propagation, bool recursive) {
  if (set == 0 && propagation == 0) return Ok();
  mount_attr attr{};
  attr.attr_set = set;
  // Any of the atime modes is set by clearing the field first (mount_setattr(2)).
  if ((set & MOUNT_ATTR__ATIME) != 0) attr.attr_clr = MOUNT_ATTR__ATIME;
  attr.propagation = propagation;
  const int flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  if (::mount_setattr(fd_.get(), "", static_cast<unsigned>(flags), &attr, sizeof attr) < 0)
    return Refused(errno, "mount_setattr");
  return Ok();
}

Status DetachedMount::Attach(int target_fd) {
  if (::move_mount(fd_.get(), "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
    return Refused(errno, "move_mount");
  return Ok();
}

Status DetachedMount::AttachAt(const std::string& host_path) {
  if (::move_mount(fd_.get(), "", AT_FDCWD, host_path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0)
    return Refused(errno, "move_mount", host_path);
  return Ok();
}

Status MakeMountsSlave() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0)
    return Error::Sys(errno, "make all mounts slaves");
  return Ok();
}

}  // namespace ctool::sys
