// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <unordered_set>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "storage/store.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::storage {
namespace {

constexpr uint64_t kPlain = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
constexpr int kReadDir = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

struct Attributes {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0755;
  timespec mtime{};
  std::map<std::string, std::string> xattrs;  // user.* without overlayfs' own

  // The time is left out: in a store where layers are applied one onto the other it would be the
  // time of the unpacking, so nobody can rely on it, and it alone is not worth a layer.
  bool LooksLike(const Attributes& o) const {
    return uid == o.uid && gid == o.gid && mode == o.mode && xattrs == o.xattrs;
  }
};

Result<std::map<std::string, std::string>> ReadXattrs(int fd) {
  std::map<std::string, std::string> xattrs;
  std::string names(64 << 10, '\0');  // XATTR_LIST_MAX
  const ssize_t length = ::flistxattr(fd, names.data(), names.size());
  if (length < 0) {
    if (errno == EOPNOTSUPP) return xattrs;
    return Error::Sys(errno, "list xattrs of a layer's directory");
  }
  names.resize(static_cast<size_t>(length));
  for (const std::string& name : Split(names, '\0')) {
    if (!StartsWith(name, "user.") || StartsWith(name, "user.overlay.")) continue;
    std::string value(64 << 10, '\0');  // XATTR_SIZE_MAX
    const ssize_t n = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (n < 0) return Error::Sys(errno, "read xattr " + name);
    value.resize(static_cast<size_t>(n));
    xattrs[name] = std::move(value);
  }
  return xattrs;
}

Result<Attributes> ReadAttributes(int fd) {
  const struct stat st = TRY(sys::StatFd(fd, "directory of a layer"));
  Attributes a;
  a.uid = st.st_uid;
  a.gid = st.st_gid;
  a.mode = st.st_mode & 07777;
  a.mtime = st.st_mtim;
  a.xattrs = TRY(ReadXattrs(fd));
  return a;
}

Status ApplyAttributes(int fd, const std::string& path, const Attributes& a) {
  if (::fchown(fd, a.uid, a.gid) < 0) return Error::Sys(errno, "chown", path);
  for (const auto& [name, value] : a.xattrs)
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) < 0)
      return Error::Sys(errno, "set xattr " + name, path);
  if (::fchmod(fd, a.mode) < 0) return Error::Sys(errno, "chmod", path);
  const timespec times[2] = {a.mtime, a.mtime};
  if (::futimens(fd, times) < 0) return Error::Sys(errno, "set times", path);
  return Ok();
}

// What an overlay of the layers would show, directory by directory.
class MergedView {
 public:
  // Topmost first, down to an opaque root.
  static Result<MergedView> Open(const Store& store, const std::vector<spec::Digest>& diff_ids) {
    MergedView view;
    for (auto id = diff_ids.rbegin(); id != diff_ids.rend(); ++id) {
      const LayerMeta meta = TRY(ReadLayerMeta(store.LayerPath(*id)));
      Layer layer{.root = TRY(sys::Root::Open(store.LayerDiffPath(*id))), .implied = {}};
      layer.implied.insert(meta.implied_dirs.begin(), meta.implied_dirs.end());
      if (!meta.root_described) layer.implied.insert("");
      view.layers_.push_back(std::move(layer));
      if (meta.opaque_root) break;
    }
    std::vector<size_t> all(view.layers_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    view.visible_[""] = std::move(all);
    return view;
  }

  // Every directory that some layer implies.
  std::set<std::string> Implied() const {
    std::set<std::string> paths;
    for (const Layer& layer : layers_) paths.insert(layer.implied.begin(), layer.implied.end());
    return paths;
  }

  // What a container should see: the attributes that the topmost describing layer gives, else what
  // the unpacking gave to the topmost one. `shown`: what an overlay without a fix-up would show.
  // The path must be a visible directory.
  struct Wanted {
    Attributes shown, wanted;
  };
  Result<Wanted> Directory(const std::string& path) {
    const std::vector<size_t>& in = *TRY(Visible(path));
    Wanted w;
    const sys::Fd top = TRY(OpenIn(in.front(), path));
    w.shown = TRY(ReadAttributes(top.get()));
    w.wanted = w.shown;
    const auto describes = [&](size_t i) { return layers_[i].implied.count(path) == 0; };
    const auto found = std::find_if(in.begin(), in.end(), describes);
    if (found == in.end() || found == in.begin()) return w;
    const sys::Fd described = TRY(OpenIn(*found, path));
    w.wanted = TRY(ReadAttributes(described.get()));
    return w;
  }

  Result<bool> IsVisible(const std::string& path) { return !TRY(Visible(path))->empty(); }

 private:
  struct Layer {
    sys::Root root;
    std::unordered_set<std::string> implied;
  };

  Result<sys::Fd> OpenIn(size_t layer, const std::string& path) const {
    return sys::Openat2(layers_[layer].root.fd(), path.empty() ? "." : path, kReadDir, 0, kPlain);
  }

  // The layers, topmost first, whose directories an overlay merges at `path`: those below a
  // whiteout, an opaque directory or anything that is no directory are hidden.
  Result<const std::vector<size_t>*> Visible(const std::string& path) {
    const auto known = visible_.find(path);
    if (known != visible_.end()) return &known->second;
    std::vector<size_t> merged;
    for (const size_t i : *TRY(Visible(ParentOf(path)))) {
      const Result<sys::Fd> dir = OpenIn(i, path);
      if (!dir.ok() && dir.error().sys_errno() == ENOENT) continue;
      if (!dir.ok() && (dir.error().sys_errno() == ENOTDIR || dir.error().sys_errno() == ELOOP))
        break;
      if (!dir.ok()) return Error(dir.error());
      merged.push_back(i);
      char opaque = 0;
      if (::fgetxattr(dir->get(), "user.overlay.opaque", &opaque, 1) == 1 && opaque == 'y') break;
    }
    return &(visible_[path] = std::move(merged));
  }

  std::vector<Layer> layers_;
  std::map<std::string, std::vector<size_t>> visible_;
};

// The directories that need other attributes than an overlay would show.
Result<std::set<std::string>> Misshown(MergedView& view) {
  std::set<std::string> paths;
  for (const std::string& path : view.Implied()) {
    const bool visible = TRY(view.IsVisible(path));
    if (!visible) continue;
    const MergedView::Wanted w = TRY(view.Directory(path));
    if (!w.shown.LooksLike(w.wanted)) paths.insert(path);
  }
  return paths;
}

// Each of `paths` with the directories above it, empty, in `diff`; the set is ordered so that
// parents come first. Attributes last and deepest first, because making entries changes times.
Status MakeDirectories(MergedView& view, const std::set<std::string>& paths, int diff) {
  std::set<std::string> all = {""};
  for (std::string path : paths)
    for (; !path.empty(); path = ParentOf(path)) all.insert(path);
  for (const std::string& path : all)
    if (!path.empty() && ::mkdirat(diff, path.c_str(), 0700) < 0)
      return Error::Sys(errno, "mkdir", path);
  for (auto path = all.rbegin(); path != all.rend(); ++path) {
    const MergedView::Wanted w = TRY(view.Directory(*path));
    const sys::Fd dir =
        TRY(sys::Openat2(diff, path->empty() ? "." : *path, kReadDir, 0, kPlain));
    TRY(ApplyAttributes(dir.get(), *path, w.wanted));
    if (::fsync(dir.get()) < 0) return Error::Sys(errno, "fsync", *path);
  }
  return Ok();
}

}  // namespace

Result<std::string> Store::MakeFixupLayer(const std::vector<spec::Digest>& diff_ids) const {
  if (diff_ids.size() < 2) return std::string();  // nothing below that could say otherwise
  std::string key;
  for (const spec::Digest& id : diff_ids) key += id.str() + "\n";
  const std::string name = "fixup-" + std::string(digest::Sha256(key).hex());
  const std::string path = root_ + "/" + kLayers + "/" + name;
  if (sys::Exists(path + "/meta")) return name;  // synced before it got its name

  MergedView view = TRY(MergedView::Open(*this, diff_ids));
  const std::set<std::string> paths = TRY(Misshown(view));
  if (paths.empty()) return std::string();
  Staged staged = TRY(Staged::Make(root_, Staged::Kind::kDirectory));
  if (::mkdirat(staged.fd(), "diff", 0700) < 0)
    return Error::Sys(errno, "mkdir", staged.path() + "/diff");
  const sys::Fd diff = TRY(sys::OpenAt(staged.fd(), "diff", O_RDONLY | O_DIRECTORY));
  TRY(MakeDirectories(view, paths, diff.get()));
  LayerMeta meta;
  meta.boot_id = TRY(BootId());
  meta.root_described = true;
  TRY(WriteLayerMeta(staged.fd(), meta));
  const sys::Fd written = TRY(sys::OpenAt(staged.fd(), "meta", O_RDONLY));
  if (::fsync(written.get()) < 0 || ::fsync(staged.fd()) < 0)
    return Error::Sys(errno, "fsync", staged.path());
  const Status published = staged.Publish(path);
  if (!published.ok() && published.error().code() != Code::kAlreadyExists)
    return Error(published.error());
  const sys::Fd layers = TRY(sys::Open(root_ + "/" + kLayers, O_RDONLY | O_DIRECTORY));
  if (::fsync(layers.get()) < 0) return Error::Sys(errno, "fsync", root_ + "/" + kLayers);
  return name;
}

}  // namespace ctool::storage
