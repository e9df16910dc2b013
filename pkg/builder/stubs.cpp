// SPDX-License-Identifier: Apache-2.0
#include "builder/stubs.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "build/ignore.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::builder {
namespace {

constexpr uint64_t kPlain = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

// Where mounts are made in every container.
constexpr const char* kAlways[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf", "run/.containerenv", "run/secrets", "dev", "proc", "sys"};

// `path` and all folders above it.
void AddWithParents(std::string path, std::set<std::string>& into) {
  for (;;) {
    if (path.empty() || path == "." || !into.insert(path).second) return;
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.resize(slash);
  }
}

}  // namespace

Stubs Stubs::Note(const std::vector<std::string>& folders, const std::vector<std::string>& points) {
  std::set<std::string> paths;
  for (const char* path : kAlways) AddWithParents(path, paths);
  for (const std::string& point : points) AddWithParents(build::CleanPath("/" + point).substr(1), paths);
  Stubs stubs;
  for (const std::string& path : paths) {
    Place place{path};
    for (const std::string& folder : folders) {
      const Result<sys::Fd> root = sys::Open(folder, O_PATH | O_DIRECTORY);
      if (!root.ok()) continue;
      const Result<sys::Fd> found = sys::Openat2(root->get(), path, O_PATH | O_NOFOLLOW, 0, kPlain);
      // A link on the way: it leads elsewhere, where nothing is taken away.
      if (!found.ok() && found.error().sys_errno() == ENOENT) continue;
      place.was_there = true;
      if (!found.ok()) break;
      const Result<struct stat> st = sys::StatFd(found->get(), path);
      if (!st.ok()) break;
      place.mode = st->st_mode;
      place.uid = st->st_uid;
      place.gid = st->st_gid;
      break;
    }
    stubs.places_.push_back(std::move(place));
  }
  // A folder comes before what is in it: backwards.
  std::reverse(stubs.places_.begin(), stubs.places_.end());
  return stubs;
}

Status Stubs::Remove(const std::string& upper) const {
  const sys::Fd root = TRY(sys::Open(upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  for (const Place& place : places_) {
    const size_t slash = place.path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : place.path.substr(0, slash), name = place.path.substr(slash + 1);
    const Result<sys::Fd> parent = sys::Openat2(root.get(), folder, O_RDONLY | O_DIRECTORY, 0, kPlain);
    struct stat st {};
    if (!parent.ok() || ::fstatat(parent->get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
    const bool is_folder = S_ISDIR(st.st_mode);
    const bool unchanged = is_folder && st.st_mode == place.mode && st.st_uid == place.uid && st.st_gid == place.gid;
    const bool empty_file = S_ISREG(st.st_mode) && st.st_size == 0;
    if (place.was_there ? !unchanged : !is_folder && !empty_file) continue;
    // A folder that holds something stays: ENOTEMPTY.
    if (::unlinkat(parent->get(), name.c_str(), is_folder ? AT_REMOVEDIR : 0) < 0 && errno != ENOTEMPTY)
      Debug(Error::Sys(errno, "remove", place.path).Message());
  }
  return Ok();
}

}  // namespace ctool::builder
