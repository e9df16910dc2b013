// SPDX-License-Identifier: Apache-2.0
#include "archive/compare.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>

#include "archive/entry_path_internal.hpp"
#include "archive/tar_reader.hpp"
#include "base/text.hpp"
#include "sys/dir_stack.hpp"
#include "sys/file.hpp"

namespace ctool::archive {
namespace {

constexpr std::string_view kWhiteout = ".wh.", kOpaque = ".wh..wh..opq";
constexpr char kDifferent[] = "content differs";

mode_t TypeBits(EntryType type) {
  switch (type) {
    case EntryType::kSymlink: return S_IFLNK;
    case EntryType::kDirectory: return S_IFDIR;
    case EntryType::kFifo: return S_IFIFO;
    default: return S_IFREG;
  }
}

// Equal hashes of 64 bits of two paths of one layer: a file too many would be overlooked once in 10^14 layers of a hundred thousand files.
uint64_t Key(std::string_view path) { return std::hash<std::string_view>{}(path); }

std::string_view DirOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view NameOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

class Comparer {
 public:
  Comparer(Source& tar, const sys::Root& tree, const CompareOptions& options)
      : reader_(tar), tree_(tree), options_(options) {}

  Result<std::vector<std::string>> Run() {
    Entry entry;
    while (TRY(reader_.Next(entry))) TRY(Visit(entry));
    TRY(reader_.Drain());
    TRY(FindExtra());
    std::vector<std::string> lines;
    for (const auto& [path, problem] : differences_) {
      if (lines.size() == kMaxDifferences) {
        lines.push_back("and " + std::to_string(differences_.size() - kMaxDifferences) + " more");
        break;
      }
      lines.push_back(Printable("/" + path) + ": " + problem);
    }
    return lines;
  }

 private:
  // The directory of an entry, in the tree, held until an entry of another one comes.
  struct Parent {
    std::string named;  // as the archive has it
    std::string path;   // where that is: a part of it may be a link
    sys::Fd dir;
  };

  Status Visit(const Entry& entry) {
    const std::string path = TRY(CleanPath(entry.path));
    if (path.empty()) return CheckRoot(entry);
    const std::string_view name = NameOf(path);
    if (!TRY(OpenParent(std::string(DirOf(path))))) {
      Note(path, "missing");
      return Ok();
    }
    if (name == kOpaque) return CheckOpaque();
    if (StartsWith(name, kWhiteout)) return CheckWhiteout(std::string(name.substr(kWhiteout.size())));
    if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) return Ok();  // not made
    return CheckEntry(entry, std::string(name));
  }

  // False: there is no such directory.
  Result<bool> OpenParent(const std::string& named) {
    if (parent_ && parent_->named == named) return true;
    parent_.reset();
    const Result<sys::Fd> dir = tree_.Open(named.empty() ? "." : named, O_RDONLY | O_DIRECTORY);
    if (!dir.ok() && (dir.error().sys_errno() == ENOENT || dir.error().sys_errno() == ENOTDIR)) return false;
    if (!dir.ok()) return dir.error();
    Parent parent{named, named, sys::Fd(::fcntl(dir->get(), F_DUPFD_CLOEXEC, 3))};
    if (!parent.dir) return Error::Sys(errno, "dup");
    parent.path = TRY(PlaceOf(parent.dir.get()));
    // Directories that the archive only implies.
    for (std::string_view above = parent.path; !above.empty(); above = DirOf(above)) seen_.push_back(Key(above));
    parent_ = std::move(parent);
    return true;
  }

  // Below the tree's root.
  Result<std::string> PlaceOf(int dir) {
    if (root_path_.empty()) root_path_ = TRY(sys::ReadLinkAt(AT_FDCWD, "/proc/self/fd/" + std::to_string(tree_.fd())));
    const std::string whole = TRY(sys::ReadLinkAt(AT_FDCWD, "/proc/self/fd/" + std::to_string(dir)));
    return whole.size() > root_path_.size() ? whole.substr(root_path_.size() + 1) : std::string();
  }

  std::string Below(const std::string& name) const { return parent_->path.empty() ? name : parent_->path + "/" + name; }

  Status CheckRoot(const Entry& entry) {
    const struct stat st = TRY(sys::StatFd(tree_.fd(), "root"));
    if (const std::string problem = Attributes(entry, st); !problem.empty()) Note("", problem);
    return Ok();
  }

  Status CheckOpaque() {
    char mark = 0;
    if (parent_->path.empty()) return Ok();  // kept beside the tree
    if (::fgetxattr(parent_->dir.get(), "user.overlay.opaque", &mark, 1) != 1 || mark != 'y') Note(parent_->path, "not opaque");
    return Ok();
  }

  // What the same layer has under that name, before or after, stands in its place.
  Status CheckWhiteout(const std::string& name) {
    struct stat st {};
    seen_.push_back(Key(Below(name)));
    if (::fstatat(parent_->dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) Note(Below(name), "missing");
    return Ok();
  }

  Status CheckEntry(const Entry& entry, const std::string& name) {
    const std::string path = Below(name);
    seen_.push_back(Key(path));
    struct stat st {};
    if (::fstatat(parent_->dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno != ENOENT) return Error::Sys(errno, "stat", path);
      Note(path, "missing");
      return Ok();
    }
    const std::string problem = entry.type == EntryType::kHardLink ? TRY(HardLink(entry, st)) : TRY(Problem(entry, name, st));
    if (problem.empty()) Settle(path, S_ISDIR(st.st_mode));
    else Note(path, problem);
    return Ok();
  }

  Result<std::string> HardLink(const Entry& entry, const struct stat& st) {
    const Result<sys::Root::Parent> target = tree_.OpenParent(TRY(CleanPath(entry.link)));
    struct stat other {};
    if (!target.ok() || ::fstatat(target->dir.get(), target->name.c_str(), &other, AT_SYMLINK_NOFOLLOW) < 0) return std::string("missing");
    return std::string(st.st_ino == other.st_ino ? "" : "not the same file as its other name");
  }

  Result<std::string> Problem(const Entry& entry, const std::string& name, const struct stat& st) {
    if ((st.st_mode & S_IFMT) != TypeBits(entry.type)) return std::string("another kind of file");
    if (std::string problem = Attributes(entry, st); !problem.empty()) return problem;
    if (entry.type == EntryType::kSymlink) {
      const Result<std::string> target = sys::ReadLinkAt(parent_->dir.get(), name);
      return std::string(target.ok() && *target == entry.link ? "" : "another link target");
    }
    if (entry.type != EntryType::kFile) return std::string();
    if (static_cast<uint64_t>(st.st_size) != entry.size)
      return std::to_string(st.st_size) + " bytes, not " + std::to_string(entry.size);
    return Content(entry, name);
  }

  std::string Attributes(const Entry& entry, const struct stat& st) const {
    const bool link = entry.type == EntryType::kSymlink;
    if (!link && (st.st_mode & 07777) != entry.mode) return "another mode";
    if (options_.owners && (st.st_uid != entry.uid || st.st_gid != entry.gid)) return "another owner";
    // A file system may not go as far back, or ahead.
    constexpr int64_t kUsualTimes = int64_t{1} << 31;
    const bool usual = entry.mtime.tv_sec >= 0 && entry.mtime.tv_sec < kUsualTimes;
    if (entry.type == EntryType::kFile && usual && st.st_mtim.tv_sec != entry.mtime.tv_sec) return "another time";
    return "";
  }

  Result<std::string> Content(const Entry& entry, const std::string& name) {
    const sys::Fd fd = TRY(sys::OpenAt(parent_->dir.get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    for (const Xattr& xattr : entry.xattrs)
      if (!HasXattr(fd.get(), xattr)) return "extended attribute " + Printable(xattr.name) + " differs";
    for (;;) {
      const TarReader::Chunk chunk = TRY(reader_.Data());
      if (chunk.bytes.empty()) return std::string();
      buffer_.resize(std::max(buffer_.size(), chunk.bytes.size()));
      size_t have = 0;
      while (have < chunk.bytes.size()) {
        const ssize_t n = ::pread(fd.get(), buffer_.data() + have, chunk.bytes.size() - have, static_cast<off_t>(chunk.offset + have));
        if (n < 0 && errno == EINTR) continue;
        // A disk that can't give the bytes back is damage of this file, too.
        if (n < 0) return "can't be read: " + Error::Sys(errno, "read").Message();
        if (n == 0) return std::string(kDifferent);
        have += static_cast<size_t>(n);
      }
      if (std::string_view(buffer_.data(), have) != chunk.bytes) return std::string(kDifferent);
    }
  }

  // Only what Unpack keeps. The kernel has a capability in a form of its own.
  static bool HasXattr(int fd, const Xattr& xattr) {
    const bool ours = StartsWith(xattr.name, "user.overlay.") || StartsWith(xattr.name, "user.containers.");
    if (!StartsWith(xattr.name, "user.") || ours || xattr.name.size() > 255 || xattr.name.find('\0') != std::string::npos) return true;
    std::string value(xattr.value.size() + 1, '\0');
    const ssize_t n = ::fgetxattr(fd, xattr.name.c_str(), value.data(), value.size());
    return n == static_cast<ssize_t>(xattr.value.size()) && std::string_view(value.data(), xattr.value.size()) == xattr.value;
  }

  // An archive may name a path several times, and the last one counts: it takes back what was said of those before, and, unless
  // it is a directory, of what was in it.
  void Settle(const std::string& path, bool directory) {
    if (differences_.empty()) return;
    differences_.erase(path);
    if (directory) return;
    const auto first = differences_.lower_bound(path + "/");
    differences_.erase(first, differences_.lower_bound(path + "0"));  // '0' follows '/'
  }

  void Note(const std::string& path, const std::string& problem) { differences_[path] = problem; }

  Status FindExtra() {
    std::sort(seen_.begin(), seen_.end());
    sys::DirStack stack(TRY(tree_.Open(".", O_RDONLY | O_DIRECTORY)));
    std::vector<std::vector<std::string>> levels;
    levels.push_back(TRY(ExtraIn(stack)));
    while (!levels.empty()) {
      if (levels.back().empty()) {
        levels.pop_back();
        if (!levels.empty()) stack.Leave();
        continue;
      }
      const std::string name = std::move(levels.back().back());
      levels.back().pop_back();
      TRY(stack.Enter(name));
      levels.push_back(TRY(ExtraIn(stack)));
    }
    return Ok();
  }

  // Notes what is too much in a directory, and returns the directories in it.
  Result<std::vector<std::string>> ExtraIn(sys::DirStack& stack) {
    std::vector<std::string> directories;
    const int dir = TRY(stack.Current());
    for (const std::string& name : TRY(sys::ListDir(dir, stack.path()))) {
      const std::string path = stack.path().empty() ? name : stack.path() + "/" + name;
      struct stat st {};
      if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return Error::Sys(errno, "stat", path);
      if (!std::binary_search(seen_.begin(), seen_.end(), Key(path))) Note(path, "not in the layer's archive");
      else if (S_ISDIR(st.st_mode)) directories.push_back(name);
    }
    return directories;
  }

  TarReader reader_;
  const sys::Root& tree_;
  const CompareOptions& options_;
  std::string root_path_, buffer_;
  std::optional<Parent> parent_;
  std::map<std::string, std::string> differences_;
  std::vector<uint64_t> seen_;
};

}  // namespace

Result<std::vector<std::string>> Compare(Source& tar, const sys::Root& tree, const CompareOptions& options) {
  return Comparer(tar, tree, options).Run();
}

}  // namespace ctool::archive
