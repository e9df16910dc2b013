// SPDX-License-Identifier: Apache-2.0
#include "archive/layer_tree_internal.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "archive/entry_path_internal.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::archive {
namespace {

constexpr uint64_t kExact = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
constexpr mode_t kImpliedMode = 0755;
constexpr int kMaxLinks = 40;  // the kernel's own limit
constexpr int kHandle = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Error NotADirectory(const std::string& path) {
  return Error(Code::kCorrupt, "parent " + Shown(path) + " is not a directory");
}

Error AlreadyThere(const std::string& path, const std::string& call) {
  return Error(Code::kAlreadyExists, "error creating " + Quote("/" + path) + ": " + call + " " + Printable("/" + path) + ": file exists");
}

Error IsBusy(const std::string& path) { return Error::Sys(EBUSY, "replace the mount point", path); }

std::string Below(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "/" + name;
}

// Only PutWhiteout makes devices, so that one in the tree is a whiteout.
bool IsWhiteout(int dirfd, const char* name) {
  struct stat st {};
  return ::fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode);
}

}  // namespace

// The state of a walk: where it is, and the components that are left, the next one last.
struct LayerTree::Step {
  std::string path;
  sys::Fd dir;
  std::vector<std::string> todo;
  int links = 0;

  void Push(std::string_view components) {
    for (size_t end = components.size(); end > 0;) {
      const size_t slash = components.rfind('/', end - 1);
      const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
      const std::string_view part = components.substr(begin, end - begin);
      if (!part.empty() && part != ".") todo.emplace_back(part);
      end = begin == 0 ? 0 : begin - 1;
    }
  }
};

LayerTree::LayerTree(const sys::Root& dest, const AttributeWriter& attributes, const UnpackOptions& options)
    : dest_(dest), attributes_(attributes), options_(options) {
  directories_[""];  // not described; Finish leaves it as it is unless an entry does
}

Result<sys::Fd> LayerTree::OpenExact(const std::string& path, uint64_t flags) const {
  return sys::Openat2(dest_.fd(), path.empty() ? "." : path, flags | O_DIRECTORY, 0, kExact);
}

Result<Place> LayerTree::Locate(const std::string& path) { return LocateIn(path, true); }
Result<Place> LayerTree::Find(const std::string& path) { return LocateIn(path, false); }

Result<Place> LayerTree::LocateIn(const std::string& path, bool make) {
  const size_t slash = path.rfind('/');
  const std::string_view parent = std::string_view(path).substr(0, slash == std::string::npos ? 0 : slash);
  const std::string_view name = std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
  const Cached* hit = nullptr;
  for (const Cached& c : cache_)
    if (c.dir != nullptr && c.asked == parent) hit = &c;
  if (hit == nullptr) {
    Cached opened = TRY(OpenParent(std::string(parent), make));
    cache_[next_cached_] = std::move(opened);
    hit = &cache_[next_cached_];
    next_cached_ = (next_cached_ + 1) % cache_.size();
  }
  Place place{.dir = hit->dir, .path = {}, .name_at = hit->path.empty() ? 0 : hit->path.size() + 1};
  place.path.reserve(place.name_at + name.size());
  if (!hit->path.empty()) place.path.append(hit->path).append("/");
  place.path.append(name);
  return place;
}

Result<LayerTree::Cached> LayerTree::OpenParent(const std::string& parent, bool make) {
  Result<sys::Fd> dir = OpenExact(parent, O_PATH);
  if (dir.ok())
    return Cached{.asked = parent, .path = parent,
                  .dir = std::make_shared<const sys::Fd>(std::move(dir).value())};
  const int err = dir.error().sys_errno();
  // Something is missing, a link, or no directory: find out which, component by component.
  if (err == ENOENT || err == ELOOP || err == ENOTDIR) return Walk(parent, make);
  return std::move(dir).error();
}

// Every step is an openat of one name that does not follow links; links are taken apart here, so
// that the path without links is known and nothing can lead out of the tree.
Result<LayerTree::Cached> LayerTree::Walk(const std::string& parent, bool make) {
  Step step{.path = {}, .dir = TRY(OpenExact("", O_PATH)), .todo = {}, .links = 0};
  step.Push(parent);
  size_t own = step.todo.size();  // of the components left, those that are the entry's own
  while (!step.todo.empty()) {
    const std::string name = std::move(step.todo.back());
    step.todo.pop_back();
    const bool from_link = step.todo.size() >= own;
    if (!from_link) own = step.todo.size();
    if (name == "..") {
      const size_t slash = step.path.rfind('/');
      step.path.resize(slash == std::string::npos ? 0 : slash);
      step.dir = TRY(OpenExact(step.path, O_PATH));
      continue;
    }
    const std::string path = Below(step.path, name);
    sys::Fd next(::openat(step.dir.get(), name.c_str(), kHandle));
    if (!next && (errno == ENOTDIR || errno == ELOOP)) {
      struct stat st {};
      if (::fstatat(step.dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0)
        return Error::Sys(errno, "stat", path);
      if (S_ISLNK(st.st_mode)) {
        TRY(FollowLink(step, name));
        continue;
      }
      if (!make || from_link || !S_ISCHR(st.st_mode)) return NotADirectory(path);
      errno = ENOENT;  // a whiteout: Make puts the directory in its place
    }
    if (!next) {
      if (errno != ENOENT) return Error::Sys(errno, "open", path);
      if (!make) return Error(Code::kNotFound, Shown(path) + " does not exist");
      // A dangling link is not a way to have directories made elsewhere.
      if (from_link) return NotADirectory(path);
      TRY(Make(step.dir.get(), name.c_str(), path, kImpliedMode));
      next = sys::Fd(::openat(step.dir.get(), name.c_str(), kHandle));
      if (!next) return Error::Sys(errno, "open", path);
    }
    step.dir = std::move(next);
    step.path = path;
  }
  return Cached{.asked = parent, .path = step.path,
                .dir = std::make_shared<const sys::Fd>(std::move(step.dir))};
}

Status LayerTree::FollowLink(Step& step, const std::string& name) const {
  if (++step.links > kMaxLinks)
    return Error(Code::kCorrupt, "too many links in the way to " + Shown(Below(step.path, name)));
  const std::string target = TRY(sys::ReadLinkAt(step.dir.get(), name));
  if (!target.empty() && target.front() == '/') {
    step.path.clear();
    step.dir = TRY(OpenExact("", O_PATH));
  }
  step.Push(target);
  return Ok();
}

// mkdirat, in place of a whiteout if there is one. A directory that is there already stays.
Status LayerTree::Make(int dirfd, const char* name, const std::string& path, mode_t mode) {
  const mode_t asked = (mode & 0777) | 0700;
  bool opaque = false;
  if (::mkdirat(dirfd, name, asked) < 0) {
    if (errno != EEXIST) return Error::Sys(errno, "mkdir", path);
    if (directories_.count(path) > 0) return Ok();
    if (options_.merge) {
      struct stat st {};
      if (::fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
        directories_[path].existed = true;
        return Ok();
      }
      if (!options_.replace) return AlreadyThere(path, "mkdir");
    }
    if (options_.merge && sys::IsMountPoint(dirfd, name)) return IsBusy(path);
    opaque = IsWhiteout(dirfd, name);
    ForgetHandles();
    if (::unlinkat(dirfd, name, 0) < 0) return Error::Sys(errno, "unlink", path);
    if (::mkdirat(dirfd, name, asked) < 0) return Error::Sys(errno, "mkdir", path);
  }
  Directory& made = directories_[path];
  made = Directory{};
  made.opaque = opaque;
  made.present_mode = attributes_.NewMode(asked, true);
  // An odd umask must not lock us out, nor a set-group-ID bit be handed down. Through a handle: with `merge` somebody
  // may have swapped the name for a link meanwhile.
  if (!made.present_mode.has_value() || (*made.present_mode & 0700) != 0700) {
    const sys::Fd handle(::openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!handle || ::fchmod(handle.get(), asked) < 0) return Error::Sys(errno, "chmod", path);
    made.present_mode = asked;
  }
  made.wanted.mode = mode;
  return Ok();
}

Status LayerTree::PutDirectory(const Place& place, Attributes attributes) {
  // An implied directory, or one made by an earlier entry, is kept with what is in it. Anything
  // else gives way.
  TRY(Make(place.dir->get(), place.name(), place.path, attributes.mode));
  Directory& directory = directories_[place.path];
  directory.implied = false;
  std::vector<Xattr> xattrs = std::move(directory.wanted.xattrs);
  directory.wanted = std::move(attributes);
  for (Xattr& xattr : directory.wanted.xattrs) xattrs.push_back(std::move(xattr));
  directory.wanted.xattrs = std::move(xattrs);
  return Ok();
}

void LayerTree::DescribeRoot(Attributes attributes) {
  Directory& root = directories_[""];
  root.implied = false;
  root.wanted = std::move(attributes);
}

void LayerTree::MarkOpaque(const std::string& directory) { directories_[directory].opaque = true; }

Status LayerTree::PutWhiteout(const Place& place) {
  // What this layer has there already hides the lower layers by itself, a directory if opaque: a
  // whiteout means the lower layers only, whatever the order (image-spec, "Whiteouts").
  if (directories_.count(place.path) > 0) {
    MarkOpaque(place.path);
    return Ok();
  }
  if (::mknodat(place.dir->get(), place.name(), S_IFCHR, makedev(0, 0)) == 0 || errno == EEXIST)
    return Ok();
  Error e = Error::Sys(errno, "make whiteout", place.path);
  if (e.sys_errno() == EPERM)
    return std::move(e).Hint("Linux 5.8 or later is needed, and no seccomp filter around ctool that "
                             "forbids mknod");
  return e;
}

// Any of the directories may be, or be reached through, what is about to be replaced.
void LayerTree::ForgetHandles() {
  for (Cached& cached : cache_) cached = Cached{};
}

Status LayerTree::Remove(const Place& place) {
  ForgetHandles();
  if (options_.merge && sys::IsMountPoint(place.dir->get(), place.name())) return IsBusy(place.path);
  if (::unlinkat(place.dir->get(), place.name(), 0) == 0) return Ok();
  if (errno != EISDIR) return Error::Sys(errno, "unlink", place.path);
  if (options_.merge && !options_.replace && directories_.count(place.path) == 0) return AlreadyThere(place.path, "open");
  TRY(sys::RemoveTree(place.dir->get(), place.name()));
  directories_.erase(place.path);
  directories_.erase(directories_.lower_bound(place.path + "/"),
                     directories_.lower_bound(place.path + "0"));  // '0' comes after '/'
  return Ok();
}

Status LayerTree::Finish(UnpackStats& stats) {
  for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
    const auto& [path, directory] = *it;
    const bool as_made = directory.implied && !directory.opaque &&
                         (path.empty() || directory.existed || directory.present_mode == kImpliedMode);
    if (directory.implied && !path.empty()) stats.implied_dirs.push_back(path);
    if (directory.opaque && path.empty()) stats.opaque_root = true;
    if (as_made) continue;
    const sys::Fd dir = TRY(OpenExact(path, O_RDONLY | O_NOFOLLOW));
    if (directory.opaque && options_.whiteouts && ::fsetxattr(dir.get(), "user.overlay.opaque", "y", 1, 0) < 0)
      return Error::Sys(errno, "mark opaque", path);
    if (!directory.implied) {
      TRY(attributes_.Apply(dir.get(), path, directory.wanted, directory.present_mode));
    } else if (!path.empty() && directory.present_mode != kImpliedMode &&
               ::fchmod(dir.get(), kImpliedMode) < 0) {
      return Error::Sys(errno, "chmod", path);
    }
  }
  return Ok();
}

}  // namespace ctool::archive
