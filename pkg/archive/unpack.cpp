// SPDX-License-Identifier: Apache-2.0
#include "archive/unpack.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <set>
#include <utility>

#include "archive/attributes_internal.hpp"
#include "archive/entry_path_internal.hpp"
#include "archive/layer_tree_internal.hpp"
#include "archive/tar_reader.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::archive {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kAufs = ".wh..wh.";  // aufs' own files in images of its time

class Unpacker {
 public:
  Unpacker(Source& tar, const sys::Root& dest, const UnpackOptions& options)
      : reader_(tar), options_(options), attributes_(dest, options_, stats_),
        tree_(dest, attributes_, options) {}

  Result<UnpackStats> Run() {
    Entry entry;
    while (TRY(reader_.Next(entry))) {
      ++stats_.entries;
      TRY(Put(entry));
    }
    TRY(reader_.Drain());
    TRY(tree_.Finish(stats_));
    if (stats_.skipped_devices > 0)
      Debug("skipped " + std::to_string(stats_.skipped_devices) +
            " device nodes, which a user namespace can't make");
    return std::move(stats_);
  }

 private:
  Status Put(Entry& entry) {
    const std::string path = TRY(CleanPath(entry.path));
    if (path.empty()) {
      if (entry.type != EntryType::kDirectory)
        return Error(Code::kCorrupt, "the layer root must be a directory");
      // Whoever unpacks into a folder of somebody else did not mean the folder.
      if (!options_.merge || options_.merge_root) tree_.DescribeRoot(TRY(attributes_.Select(entry)));
      return Ok();
    }
    if (options_.whiteouts && path.find(kWhiteout) != std::string::npos) {
      const bool done = TRY(PutReserved(path));
      if (done) return Ok();
    }
    switch (entry.type) {
      case EntryType::kFile: return PutFile(path, entry);
      case EntryType::kDirectory: return PutDirectory(path, entry);
      case EntryType::kSymlink: return PutSymlink(path, entry);
      case EntryType::kHardLink: return PutHardLink(path, entry);
      case EntryType::kFifo: return PutFifo(path, entry);
      case EntryType::kCharDevice:
      case EntryType::kBlockDevice: break;
    }
    ++stats_.skipped_devices;
    devices_.insert(path);
    return Ok();
  }

  // Names that begin with ".wh." are reserved (image-spec, layer.md). False: an ordinary name that
  // only contains these letters.
  Result<bool> PutReserved(const std::string& path) {
    const auto invalid = [&] {
      return Error(Code::kCorrupt, "invalid whiteout name " + Shown(path));
    };
    if (StartsWith(path, kAufs) && path != kOpaque) return true;
    const size_t slash = path.rfind('/');
    const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (path.find("/" + std::string(kWhiteout)) < path.size() - name.size() - 1 ||
        (slash != std::string::npos && StartsWith(path, kWhiteout)))
      return invalid();
    if (!StartsWith(name, kWhiteout)) return false;
    if (name == kOpaque) {
      const Place place = TRY(tree_.Locate(path));
      tree_.MarkOpaque(place.parent());
      return true;
    }
    const std::string hidden = name.substr(kWhiteout.size());
    if (hidden.empty() || hidden == "." || hidden == ".." || StartsWith(hidden, kWhiteout))
      return invalid();
    const Place place = TRY(tree_.Locate(path.substr(0, path.size() - name.size()) + hidden));
    TRY(tree_.PutWhiteout(place));
    return true;
  }

  // Runs `make`, which must fail with EEXIST when something is there, and once more after removing
  // that: the last entry of a name counts.
  template <class F>
  Result<int> Create(const Place& place, std::string_view what, F make) {
    int result = make();
    if (result < 0 && errno == EEXIST) {
      TRY(tree_.Remove(place));
      result = make();
    }
    if (result < 0) return Error::Sys(errno, what, place.path);
    return result;
  }

  Status PutFile(const std::string& path, Entry& entry) {
    const Place place = TRY(tree_.Locate(path));
    const Attributes wanted = TRY(attributes_.Select(entry));
    const mode_t asked = wanted.mode & 0777;
    sys::Fd fd(TRY(Create(place, "create", [&] {
      return ::openat(place.dir->get(), place.name(),
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, asked);
    })));
    for (;;) {
      const TarReader::Chunk chunk = TRY(reader_.Data());
      if (chunk.bytes.empty()) break;
      if (entry.sparse && ::lseek(fd.get(), static_cast<off_t>(chunk.offset), SEEK_SET) < 0)
        return Error::Sys(errno, "seek", place.path);
      TRY(sys::WriteAll(fd.get(), chunk.bytes, place.path));
    }
    if (entry.sparse && ::ftruncate(fd.get(), static_cast<off_t>(entry.size)) < 0)
      return Error::Sys(errno, "truncate", place.path);
    TRY(attributes_.Apply(fd.get(), place.path, wanted, attributes_.NewMode(asked, false)));
    stats_.bytes += entry.size;
    return fd.Close(place.path);
  }

  Status PutDirectory(const std::string& path, Entry& entry) {
    const Place place = TRY(tree_.Locate(path));
    return tree_.PutDirectory(place, TRY(attributes_.Select(entry)));
  }

  Status PutSymlink(const std::string& path, Entry& entry) {
    if (entry.link.empty() || entry.link.size() >= PATH_MAX)
      return Error(Code::kCorrupt, "symbolic link " + Shown(entry.path) + ": " +
                                       (entry.link.empty() ? "no target" : "target name too long"));
    const Place place = TRY(tree_.Locate(path));
    const Attributes wanted = TRY(attributes_.Select(entry));
    TRY(Create(place, "symlink", [&] {
      return ::symlinkat(entry.link.c_str(), place.dir->get(), place.name());
    }));
    return attributes_.ApplyAt(place.dir->get(), place.name(), place.path, wanted, true, {});
  }

  Status PutFifo(const std::string& path, Entry& entry) {
    const Place place = TRY(tree_.Locate(path));
    const Attributes wanted = TRY(attributes_.Select(entry));
    const mode_t asked = wanted.mode & 0777;
    TRY(Create(place, "mkfifo", [&] {
      return ::mknodat(place.dir->get(), place.name(), S_IFIFO | asked, 0);
    }));
    return attributes_.ApplyAt(place.dir->get(), place.name(), place.path, wanted, false,
                               attributes_.NewMode(asked, false));
  }

  // Only to what an earlier entry of this layer has put there. The link to a symbolic link is one
  // to the link itself. Attributes are those of the target: it is the same file.
  Status PutHardLink(const std::string& path, const Entry& entry) {
    const auto refuse = [&](std::string_view why) {
      return Error(Code::kCorrupt, "hardlink target " + Shown(entry.link) + " of " +
                                       Shown(entry.path) + " is " + std::string(why));
    };
    const Result<std::string> target_path = CleanPath(entry.link);
    if (!target_path.ok() || target_path->empty()) return refuse("not in the layer");
    if (devices_.count(*target_path) > 0) {
      ++stats_.skipped_devices;
      devices_.insert(path);
      return Ok();
    }
    const Result<Place> target = tree_.Find(*target_path);
    struct stat st {};
    if (!target.ok() && target.error().sys_errno() != 0) return target.error();
    if (!target.ok() ||
        ::fstatat(target->dir->get(), target->name(), &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        S_ISCHR(st.st_mode))  // a whiteout
      return refuse("not in the layer");
    if (S_ISDIR(st.st_mode)) return refuse("a directory");
    const Place place = TRY(tree_.Locate(path));
    if (place.path == target->path) return refuse("the hardlink itself");
    TRY(Create(place, "link", [&] {
      return ::linkat(target->dir->get(), target->name(), place.dir->get(), place.name(), 0);
    }));
    return Ok();
  }

  TarReader reader_;
  const UnpackOptions& options_;
  UnpackStats stats_;
  AttributeWriter attributes_;
  LayerTree tree_;
  std::set<std::string> devices_;  // that were skipped
};

}  // namespace

Result<UnpackStats> Unpack(Source& tar, const sys::Root& dest, const UnpackOptions& options) {
  return Unpacker(tar, dest, options).Run();
}

}  // namespace ctool::archive
