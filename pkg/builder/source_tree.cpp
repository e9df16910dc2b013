// SPDX-License-Identifier: Apache-2.0
#include "builder/source_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.hpp"
#include "build/glob.hpp"
#include "builder/key.hpp"
#include "engine/copy_paths.hpp"
#include "sys/dir_stack.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

constexpr int kReadFile = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

std::string Below(const std::string& folder, const std::string& name) { return folder.empty() ? name : folder + "/" + name; }

Result<std::vector<std::string>> SortedNames(int dir, const std::string& what) {
  std::vector<std::string> names = TRY(sys::ListDir(dir, what));
  std::sort(names.begin(), names.end());
  return names;
}

// The paths that a pattern stands for, a component at a time: what matches nothing is nothing.
class Expansion {
 public:
  Expansion(const SourceTree& tree, std::vector<std::string> parts, bool directories_too)
      : tree_(tree), parts_(std::move(parts)), star_(directories_too ? build::DoubleStar::kDirectories : build::DoubleStar::kPlain) {}

  Result<std::vector<std::string>> Run() {
    TRY(Descend("", 0));
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  Status Descend(const std::string& folder, size_t part) {
    if (part == parts_.size()) {
      found_.push_back(folder);
      return Ok();
    }
    const std::string& pattern = parts_[part];
    const bool any_depth = star_ == build::DoubleStar::kDirectories && pattern == "**";
    if (!any_depth && !build::HasWildcards(pattern)) return Descend(Below(folder, pattern), part + 1);
    if (any_depth) TRY(Descend(folder, part + 1));
    const build::Glob glob = TRY(build::Glob::Compile(pattern, build::DoubleStar::kPlain));
    const Result<sys::Fd> dir = tree_.root.Open(folder.empty() ? "/" : folder, O_RDONLY | O_DIRECTORY);
    if (!dir.ok()) return Ok();
    for (const std::string& name : TRY(SortedNames(dir->get(), folder))) {
      if (!any_depth && glob.Matches(name)) TRY(Descend(Below(folder, name), part + 1));
      if (any_depth && IsDirectory(dir->get(), name)) TRY(Descend(Below(folder, name), part));
    }
    return Ok();
  }

  static bool IsDirectory(int dir, const std::string& name) {
    struct stat st {};
    return ::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
  }

  const SourceTree& tree_;
  const std::vector<std::string> parts_;
  const build::DoubleStar star_;
  std::vector<std::string> found_;
};

Error NotFound(const SourceTree& tree, const std::string& text) {
  return Error(Code::kNotFound, "checking on sources under " + Quote(tree.shown) + ": " + Quote("/" + text) + ": no such file or directory");
}

bool IsLeftOut(const build::IgnoreList& ignored, const std::string& path, bool is_directory) {
  return ignored.Ignores(path) && !(is_directory && ignored.MayWantBelow(path));
}

class Reader {
 public:
  Reader(const SourceTree& tree, const SourceItem& item, const build::IgnoreList& excluded)
      : tree_(tree), item_(item), excluded_(excluded), key_("content"), filtered_(!tree.ignored.empty() || !excluded.empty()) {}

  Result<ItemContent> Read() {
    if (item_.is_directory) {
      TRY(ReadFolder());
    } else {
      const sys::Root::Parent parent = TRY(tree_.root.OpenParent(item_.path));
      struct stat st {};
      if (::fstatat(parent.dir.get(), parent.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return Error::Sys(errno, "stat", item_.path);
      TRY(Add(parent.dir.get(), parent.name, "", st));
    }
    return ItemContent{key_.Finish(), filtered_, std::move(wanted_)};
  }

 private:
  struct Level {
    std::vector<std::string> names;
    size_t next = 0;
  };

  // Ignored as a path of the tree; left out as one of it, or of the item.
  bool Skips(const std::string& below, bool is_directory) const {
    if (!filtered_) return false;
    const std::string path = Below(item_.path, below);
    return IsLeftOut(tree_.ignored, path, is_directory) || IsLeftOut(excluded_, path, is_directory) || IsLeftOut(excluded_, below, is_directory);
  }

  // A folder that is ignored itself is there when something below it is wanted.
  void Want(const std::string& below) {
    if (!filtered_) return;
    for (std::string path = Below(item_.path, below);; path.resize(path.rfind('/'))) {
      if (!wanted_.insert(path).second || path.rfind('/') == std::string::npos) return;
    }
  }

  Status Push(const std::string& what) {
    const int dir = TRY(stack_->Current());
    std::vector<std::string> names = TRY(SortedNames(dir, what));
    levels_.push_back(Level{std::move(names), 0});
    return Ok();
  }

  Status ReadFolder() {
    sys::Fd base = TRY(tree_.root.Open(item_.path.empty() ? "/" : item_.path, O_RDONLY | O_DIRECTORY));
    stack_.emplace(std::move(base));
    TRY(Push(item_.path));
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.next < level.names.size()) {
        const std::string name = level.names[level.next++];
        TRY(Visit(name));
        continue;
      }
      levels_.pop_back();
      if (!levels_.empty()) stack_->Leave();
    }
    return Ok();
  }

  Status Visit(const std::string& name) {
    const std::string below = Below(stack_->path(), name);
    const int dir = TRY(stack_->Current());
    struct stat st {};
    if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return errno == ENOENT ? Ok() : Status(Error::Sys(errno, "stat", below));
    const bool is_directory = S_ISDIR(st.st_mode);
    if (Skips(below, is_directory)) return Ok();
    const bool only_way = is_directory && (tree_.ignored.Ignores(Below(item_.path, below)) || excluded_.Ignores(below));
    if (!only_way) TRY(Add(dir, name, below, st));
    if (!is_directory) return Ok();
    TRY(stack_->Enter(name));
    return Push(below);
  }

  Status Add(int dir, const std::string& name, const std::string& below, const struct stat& st) {
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode) && !S_ISFIFO(st.st_mode)) return Ok();
    Want(below);
    key_.Add(below).Add(std::to_string(st.st_mode));
    if (tree_.own_ids) key_.Add(std::to_string(st.st_uid)).Add(std::to_string(st.st_gid));
    if (S_ISLNK(st.st_mode)) key_.Add(TRY(sys::ReadLinkAt(dir, name)));
    if (S_ISREG(st.st_mode)) key_.Add(TRY(DigestOf(dir, name, below, st)));
    return Ok();
  }

  // A program's capabilities are a part of it. (A change of them changes ctime, so that a known digest is not taken.)
  static void AddXattrs(int file, digest::Hasher& hasher) {
    std::array<char, 64> value;  // struct vfs_ns_cap_data has 24 bytes
    const ssize_t n = ::fgetxattr(file, "security.capability", value.data(), value.size());
    if (n > 0) hasher.Update("security.capability" + std::string(value.data(), static_cast<size_t>(n)));
  }

  Result<std::string> DigestOf(int dir, const std::string& name, const std::string& below, const struct stat& st) {
    if (tree_.digests != nullptr)
      if (const std::optional<std::string> known = tree_.digests->Find(st)) return *known;
    const sys::Fd file = TRY(sys::OpenAt(dir, name, kReadFile));
    const struct stat opened = TRY(sys::StatFd(file.get(), below));
    if (!S_ISREG(opened.st_mode)) return Error(Code::kBusy, Quote(below) + " was replaced meanwhile");
    digest::Hasher hasher;
    buffer_.resize(256 << 10);
    for (;;) {
      const ssize_t n = ::read(file.get(), buffer_.data(), buffer_.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error::Sys(errno, "read", below);
      if (n == 0) break;
      hasher.Update({buffer_.data(), static_cast<size_t>(n)});
    }
    AddXattrs(file.get(), hasher);
    const spec::Digest digest = hasher.Finish();
    std::string bytes;
    for (size_t i = 0; i + 1 < digest.hex().size(); i += 2) bytes += static_cast<char>(std::stoi(std::string(digest.hex().substr(i, 2)), nullptr, 16));
    if (tree_.digests != nullptr) tree_.digests->Put(opened, bytes);
    return bytes;
  }

  const SourceTree& tree_;
  const SourceItem& item_;
  const build::IgnoreList& excluded_;
  Key key_;
  const bool filtered_;
  std::set<std::string> wanted_;
  std::optional<sys::DirStack> stack_;
  std::vector<Level> levels_;
  std::string buffer_;
};

}  // namespace

Result<std::vector<SourceItem>> FindItems(const SourceTree& tree, const std::string& text, bool directories_too) {
  std::string clean = build::CleanPath("/" + text).substr(1);
  std::vector<std::string> parts;
  for (std::string& part : Split(clean, '/'))
    if (!part.empty()) parts.push_back(std::move(part));
  std::vector<SourceItem> items;
  const std::vector<std::string> names = TRY(Expansion(tree, parts, directories_too).Run());
  for (const std::string& named : names) {
    const Result<engine::ResolvedPath> resolved = engine::ResolvePath(tree.root, "/", "/" + named);
    if (!resolved.ok() || !resolved->exists) continue;
    SourceItem item{resolved->path.substr(1), named, resolved->is_directory};
    if (!named.empty() && IsLeftOut(tree.ignored, named, item.is_directory)) continue;
    if (item.path != named && !item.path.empty() && IsLeftOut(tree.ignored, item.path, item.is_directory)) continue;
    items.push_back(std::move(item));
  }
  if (items.empty()) return NotFound(tree, clean);
  return items;
}

Result<ItemContent> ReadItem(const SourceTree& tree, const SourceItem& item, const build::IgnoreList& excluded) {
  return Reader(tree, item, excluded).Read();
}

}  // namespace ctool::builder
