// SPDX-License-Identifier: Apache-2.0
#include "builder/copy_item.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"
#include "build/ignore.hpp"
#include "engine/copy_tree.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

bool IsFolder(const sys::Root& root, const std::string& path) { return root.Open(path, O_PATH | O_DIRECTORY).ok(); }

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Where a link of the tree leads that nothing is behind; empty: it is none.
std::string DanglingTarget(const sys::Root& root, const std::string& path) {
  const Result<sys::Root::Parent> parent = root.OpenParent(path);
  if (!parent.ok()) return "";
  const Result<std::string> target = sys::ReadLinkAt(parent->dir.get(), parent->name);
  if (!target.ok()) return "";
  return build::CleanPath(StartsWith(*target, "/") ? *target : ParentOf(path) + "/" + *target);
}

Status MakeFoldersIn(const sys::Root& root, const std::string& path, const std::optional<std::pair<uid_t, gid_t>>& owner, int& links) {
  constexpr int kMaxLinks = 40;  // as the kernel has it
  std::string made;
  for (const std::string& part : Split(path, '/')) {
    if (part.empty()) continue;
    made += "/" + part;
    if (IsFolder(root, made)) continue;
    if (const std::string target = DanglingTarget(root, made); !target.empty()) {
      if (++links > kMaxLinks) return Error::Sys(ELOOP, "mkdir", made);
      TRY(MakeFoldersIn(root, target, owner, links));
      continue;
    }
    const sys::Fd folder = TRY(root.MakeDirs(made, 0755));
    if (owner && ::fchownat(folder.get(), "", owner->first, owner->second, AT_EMPTY_PATH) < 0 && errno != EINVAL && errno != EPERM)
      return Error::Sys(errno, "chown", made);
  }
  return Ok();
}

// The folder that an item's contents go to; one that is new is a copy of the item itself.
Status MakeTarget(const sys::Root& root, const std::string& path, int source, const CopyHow& how) {
  if (IsFolder(root, path)) return Ok();
  if (!DanglingTarget(root, path).empty()) return builder::MakeFolders(root, path, how.owner);
  TRY(builder::MakeFolders(root, ParentOf(path), how.owner));
  const struct stat st = TRY(sys::StatFd(source, path));
  const mode_t mode = how.mode ? how.mode(st.st_mode & 07777, true) : st.st_mode & 07777;
  const sys::Fd folder = TRY(root.MakeDirs(path, 0755));
  const sys::Fd opened = TRY(sys::OpenAt(folder.get(), ".", O_RDONLY | O_DIRECTORY));
  const uid_t uid = how.owner ? how.owner->first : st.st_uid;
  const gid_t gid = how.owner ? how.owner->second : st.st_gid;
  if (::fchown(opened.get(), uid, gid) < 0 && !how.any_owner) return Error::Sys(errno, "chown", path);
  return ::fchmod(opened.get(), mode) < 0 ? Status(Error::Sys(errno, "chmod", path)) : Ok();
}

// --parents: each folder on the way is a copy of the source's.
Status MakeParents(const SourceTree& tree, const SourceItem& item, const sys::Root& root, const std::string& destination, const CopyHow& how) {
  const bool plain = item.path.size() >= item.named.size() && item.path.compare(item.path.size() - item.named.size(), item.named.size(), item.named) == 0;
  const std::string base = plain ? item.path.substr(0, item.path.size() - item.named.size()) : "";
  std::string way;
  for (const std::string& part : Split(ParentOf(item.named), '/')) {
    if (part.empty()) continue;
    way += (way.empty() ? "" : "/") + part;
    const std::string target = build::CleanPath(destination + "/" + way);
    const Result<sys::Fd> source = tree.root.Open(plain ? base + way : way, O_RDONLY | O_DIRECTORY);
    if (source.ok()) TRY(MakeTarget(root, target, source->get(), how));
    else TRY(builder::MakeFolders(root, target, how.owner));
  }
  return Ok();
}

}  // namespace

Status MakeFolders(const sys::Root& root, const std::string& path, const std::optional<std::pair<uid_t, gid_t>>& owner) {
  int links = 0;
  return MakeFoldersIn(root, path, owner, links);
}

Status CopyItem(const SourceTree& tree, const SourceItem& item, const ItemContent& content, const sys::Root& root,
                const std::string& destination, const CopyHow& how) {
  engine::CopyTreeOptions options;
  options.owner = how.owner;
  options.mode = how.mode;
  options.any_owner = how.any_owner;
  options.shown = destination;
  options.keep_directories = true;
  options.replace = false;
  options.unseen = true;  // a failed step's layer is thrown away
  const std::string prefix = item.path.empty() ? "" : item.path + "/";
  if (content.filtered) options.skip = [&content, prefix](const std::string& path) { return content.wanted.count(prefix + path) == 0; };
  std::string target = destination;
  if (how.parents) TRY(MakeParents(tree, item, root, destination, how));
  if (how.parents) target = build::CleanPath(destination + "/" + (item.is_directory ? item.named : ParentOf(item.named)));
  if (item.is_directory) {
    sys::Fd from = TRY(tree.root.Open(item.path.empty() ? "/" : item.path, O_RDONLY | O_DIRECTORY));
    TRY(MakeTarget(root, target, from.get(), how));
    // Links of the image lead where they lead in it: /bin to usr/bin.
    options.follow = [&root, target](const std::string& path) -> Result<std::optional<sys::Fd>> {
      Result<sys::Fd> folder = root.Open(target + "/" + path, O_RDONLY | O_DIRECTORY);
      if (!folder.ok()) return std::optional<sys::Fd>();
      return std::optional<sys::Fd>(std::move(*folder));
    };
    engine::TreeCopier copier(options);
    sys::Fd to = TRY(root.Open(target, O_RDONLY | O_DIRECTORY));
    return copier.CopyContents(std::move(from), std::move(to));
  }
  for (std::string behind = DanglingTarget(root, target); !how.into_folder && !how.parents && !behind.empty() && target != behind; behind = DanglingTarget(root, target)) target = behind;
  const bool into = how.into_folder || how.parents || IsFolder(root, target);
  const std::string folder = into ? target : ParentOf(target), named = item.named.substr(item.named.rfind('/') + 1);
  const std::string as = into ? named : target.substr(target.rfind('/') + 1);
  TRY(MakeFolders(root, folder, how.owner));
  sys::Root::Parent parent = TRY(tree.root.OpenParent(item.path));
  // The copier reads what is in a folder: an O_PATH handle won't do.
  sys::Fd from = TRY(sys::OpenAt(parent.dir.get(), ".", O_RDONLY | O_DIRECTORY));
  engine::CopyTreeOptions of_file = options;
  of_file.skip = nullptr;
  engine::TreeCopier file_copier(of_file);
  sys::Fd to = TRY(root.Open(folder.empty() ? "/" : folder, O_RDONLY | O_DIRECTORY));
  return file_copier.CopyEntry(std::move(from), parent.name, std::move(to), as);
}

}  // namespace ctool::builder
