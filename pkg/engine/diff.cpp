// SPDX-License-Identifier: Apache-2.0
#include "engine/diff.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "engine/images.hpp"
#include "engine/layer_stack.hpp"
#include "engine/rootfs_view.hpp"
#include "sys/dir_stack.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// Mount points that every container has: its maker's doing, not its own.
constexpr std::string_view kMountPoints[] = {"/dev", "/proc", "/sys", "/run", "/run/.containerenv", "/run/notify",
                                             "/run/secrets", "/run/podman-init", "/etc/hostname", "/etc/hosts",
                                             "/etc/mtab", "/etc/resolv.conf"};

// A tree and the layers below it.
struct DiffJob {
  std::string tree;
  std::vector<std::string> below;  // top first
  bool whole = false;  // the tree is a copy of everything: what it lacks is deleted
  bool container = false;
};

bool SameTime(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

class Differ {
 public:
  Differ(LayerStack below, const DiffJob& job) : below_(std::move(below)), job_(job) {}

  Result<std::string> Run() {
    stack_.emplace(TRY(sys::Open(job_.tree, O_RDONLY | O_DIRECTORY)));
    levels_.push_back(TRY(Begin(below_.All(), job_.whole)));
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.next < level.names.size()) {
        const std::string name = level.names[level.next++];  // a copy: entering a directory moves `level`
        TRY(Visit(name));
      } else {
        if (levels_.size() > 1) stack_->Leave();
        levels_.pop_back();
      }
    }
    std::string out;
    for (const auto& [path, kind] : changes_)
      if (!job_.container || std::find(std::begin(kMountPoints), std::end(kMountPoints), path) == std::end(kMountPoints))
        out += kind + path + '\0';
    return out;
  }

 private:
  struct Level {
    std::vector<std::string> names;
    size_t next = 0;
    LayerStack::Merged below;
  };

  // A directory of the tree that has just been entered. `complete`: what it lacks is deleted.
  Result<Level> Begin(LayerStack::Merged below, bool complete) {
    Level level;
    const int dir = TRY(stack_->Current());
    level.names = TRY(sys::ListDir(dir, stack_->path()));
    level.below = std::move(below);
    if (!complete) return level;
    const std::set<std::string> have(level.names.begin(), level.names.end());
    for (const std::string& name : TRY(below_.Names(level.below, stack_->path())))
      if (have.count(name) == 0) Change('D', "/" + Path(name));
    return level;
  }

  std::string Path(const std::string& name) const { return stack_->path().empty() ? name : stack_->path() + "/" + name; }

  // What is added or deleted changes its directory too, whatever that looks like.
  void Change(char kind, const std::string& path) {
    changes_[path] = kind;
    if (kind == 'C') return;
    const std::string parent = path.substr(0, path.rfind('/'));
    if (!parent.empty()) changes_.emplace(parent, 'C');
  }

  Status Visit(const std::string& name) {
    const int dir = TRY(stack_->Current());
    struct stat st {};
    if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return Ok();  // it went while we looked
    const std::string path = Path(name);
    LayerStack::Found found = TRY(below_.Find(levels_.back().below, path));
    if (!job_.whole && S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
      if (found.exists) Change('D', "/" + path);
      return Ok();
    }
    if (!found.exists) Change('A', "/" + path);
    else if (IsChanged(st, found)) Change('C', "/" + path);
    if (!S_ISDIR(st.st_mode)) return Ok();
    Status entered = stack_->Enter(name);
    if (!entered.ok() && entered.error().sys_errno() == ENOENT) return Ok();
    TRY(std::move(entered));
    char opaque = 0;
    const bool complete = job_.whole || (::fgetxattr(TRY(stack_->Current()), "user.overlay.opaque", &opaque, 1) == 1 && opaque == 'y');
    levels_.push_back(TRY(Begin(std::move(found.below), complete)));
    return Ok();
  }

  // In an upper folder a file is there because it was written to; in a whole copy that is to be found out.
  bool IsChanged(const struct stat& st, const LayerStack::Found& found) const {
    const bool attributes = st.st_mode != found.st.st_mode || st.st_uid != found.st.st_uid || st.st_gid != found.st.st_gid;
    if (S_ISDIR(st.st_mode)) return attributes || !SameTime(st.st_mtim, found.st.st_mtim);
    return !job_.whole || attributes || st.st_size != found.st.st_size || !SameTime(st.st_mtim, found.st.st_mtim);
  }

  LayerStack below_;
  const DiffJob& job_;
  std::optional<sys::DirStack> stack_;
  std::vector<Level> levels_;
  std::map<std::string, char> changes_;
};

Result<DiffJob> OfContainer(Engine& engine, const std::string& name) {
  const RootfsWanted wanted = TRY(WantRootfs(engine, name));
  const ContainerFiles files = TRY(FilesOf(engine, wanted.container.id));
  DiffJob job;
  if (!wanted.spec.rootfs.empty() && !wanted.spec.rootfs_overlay) return job;
  job.whole = sys::Exists(files.Rootfs());
  job.tree = job.whole ? files.Rootfs() : files.Upper();
  job.below = wanted.spec.layers;
  job.container = true;
  return job;
}

Result<DiffJob> OfImage(Engine& engine, const state::Image& image) {
  const storage::Store& store = *TRY(engine.Store());
  DiffJob job;
  for (const state::ImageLayer& layer : image.layers)
    job.below.insert(job.below.begin(), store.LayerDiffPath(TRY(spec::Digest::Parse(layer.diff_id))));
  if (job.below.empty()) return Error(Code::kInvalidArgument, "the image has no layers");
  job.tree = job.below.front();
  job.below.erase(job.below.begin());
  return job;
}

Result<DiffJob> JobFor(Engine& engine, const std::string& name, DiffKind kind) {
  if (kind != DiffKind::kImage) {
    Result<DiffJob> job = OfContainer(engine, name);
    if (job.ok() || job.error().code() != Code::kNotFound || kind == DiffKind::kContainer) return job;
  }
  const std::optional<FoundImage> found = TRY(FindImage(engine, name));
  if (!found && kind == DiffKind::kImage) return Error(Code::kNotFound, Printable(name) + ": image not known");
  if (!found) return Error(Code::kNotFound, Printable(name) + " not found: layer not known");
  return OfImage(engine, found->image);
}

}  // namespace

Result<std::vector<FileChange>> Diff(Engine& engine, const std::string& name, DiffKind kind) {
  const DiffJob job = TRY(JobFor(engine, name, kind));
  if (job.tree.empty()) return std::vector<FileChange>();  // there is nothing to compare with
  const std::string text = TRY(WithRootfs(engine, {}, [&job](const std::vector<sys::Root>&) -> Result<std::string> {
    Differ differ(TRY(LayerStack::Open(job.below)), job);
    return differ.Run();
  }));
  return ParseChanges(text);
}

std::vector<FileChange> ParseChanges(const std::string& text) {
  std::vector<FileChange> changes;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\0', at);
    changes.push_back({text[at], text.substr(at + 1, end - at - 1)});
    at = end + 1;
  }
  return changes;
}

}  // namespace ctool::engine
