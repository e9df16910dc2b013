// SPDX-License-Identifier: Apache-2.0
//
// -v SOURCE:DEST:U: what is mounted is given to the container's user.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/init/context_internal.hpp"
#include "sys/dir_stack.hpp"
#include "sys/file.hpp"

namespace ctool::runtime::init {
namespace {

struct Owner {
  uid_t uid;
  gid_t gid;
};

Status Give(int dir, const std::string& name, Owner owner, const std::string& what) {
  const int flags = AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0);
  if (::fchownat(dir, name.c_str(), owner.uid, owner.gid, flags) == 0 || errno == ENOENT) return Ok();
  return Error::Sys(errno, "chown", what);
}

struct Level {
  std::vector<std::string> names;
  size_t next = 0;
};

Result<Level> LevelOf(sys::DirStack& stack, const std::string& what) {
  return Level{TRY(sys::ListDir(TRY(stack.Current()), what)), 0};
}

// By held directories and single names: no link is followed, and nothing that is mounted below is touched.
Status GiveTree(sys::Fd base, Owner owner, const std::string& what) {
  sys::DirStack stack(std::move(base));
  std::vector<Level> levels;
  levels.push_back(TRY(LevelOf(stack, what)));
  while (!levels.empty()) {
    if (levels.back().next == levels.back().names.size()) {
      levels.pop_back();
      if (!levels.empty()) stack.Leave();
      continue;
    }
    const std::string name = levels.back().names[levels.back().next++];
    const int dir = TRY(stack.Current());
    struct stat st {};
    if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) continue;  // gone
    if (sys::IsMountPoint(dir, name)) continue;
    TRY(Give(dir, name, owner, what + "/" + stack.path() + "/" + name));
    if (!S_ISDIR(st.st_mode)) continue;
    const Status entered = stack.Enter(name);
    if (!entered.ok() && (entered.error().sys_errno() == ENOENT || entered.error().sys_errno() == ELOOP || entered.error().sys_errno() == ENOTDIR))
      continue;  // exchanged meanwhile
    TRY(Status(entered));
    levels.push_back(TRY(LevelOf(stack, what)));
  }
  return Ok();
}

}  // namespace

Status ChownMounts(Context& c) {
  const Owner owner{c.user.uid, c.user.gid};
  for (const auto& [destination, source] : c.chowned) {
    const struct stat st = TRY(sys::StatFd(source.get(), destination));
    // As podman has it: a folder that belongs to the user is taken to be right inside as well.
    if (st.st_uid == owner.uid && st.st_gid == owner.gid) continue;
    if (S_ISDIR(st.st_mode))
      TRY(GiveTree(TRY(sys::OpenAt(source.get(), ".", O_RDONLY | O_DIRECTORY)), owner, destination));
    TRY(Give(source.get(), "", owner, destination));
  }
  c.chowned.clear();
  return Ok();
}

}  // namespace ctool::runtime::init
