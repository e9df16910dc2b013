// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/digest.hpp"
#include "sys/fd.hpp"

namespace ctool::storage {

inline constexpr char kMarker[] = ".ctool-store";
inline constexpr char kBlobs[] = "blobs", kLayers[] = "layers", kContainers[] = "containers",
                      kVolumes[] = "volumes", kStaging[] = "staging", kTrash[] = "trash";

// A blob's file has this mode from the moment its contents are known to be on disk.
inline constexpr mode_t kDurableMode = 0400, kFreshMode = 0600;

// kCorrupt unless the store's marker is there: nothing is deleted without it.
Status CheckMarker(const std::string& root);

// An entry below staging/ that belongs to this process while the object lives: its flock tells
// others so. Destroyed before it is published, it is deleted.
class Staged {
 public:
  enum class Kind { kFile, kDirectory };
  // Also removes what dead processes left.
  static Result<Staged> Make(const std::string& root, Kind kind);
  Staged(Staged&& o) noexcept
      : root_(std::move(o.root_)), name_(std::move(o.name_)), fd_(std::move(o.fd_)) {
    o.name_.clear();
  }
  Staged& operator=(Staged&&) = delete;
  ~Staged();

  int fd() const { return fd_.get(); }
  bool published() const { return name_.empty(); }
  std::string path() const { return root_ + "/" + kStaging + "/" + name_; }
  // rename(2) to `target`: replaces a file, never a directory that holds something
  // (kAlreadyExists).
  Status Publish(const std::string& target);

 private:
  Staged(std::string root, std::string name, sys::Fd fd)
      : root_(std::move(root)), name_(std::move(name)), fd_(std::move(fd)) {}
  std::string root_, name_;
  sys::Fd fd_;
};

// Moves staging entries whose owners are dead to the trash. Does nothing when somebody is making
// an entry right now.
void RemoveDeadStaging(const std::string& root);
Status MoveToTrash(const std::string& root, int dirfd, const std::string& name);

// layers/<name>/meta, JSON.
struct LayerMeta {
  int64_t size = 0;               // of its regular files
  int64_t tar_size = 0;           // of the archive that it was unpacked from; 0: not known
  std::string boot_id;            // boot in which it was unpacked
  bool root_described = false;    // the archive has an entry for the root directory
  bool opaque_root = false;
  std::vector<std::string> implied_dirs;
};
std::string PrintLayerMeta(const LayerMeta& meta);
Result<LayerMeta> ParseLayerMeta(std::string_view text);
Result<LayerMeta> ReadLayerMeta(const std::string& layer_path);
Status WriteLayerMeta(int layer_fd, const LayerMeta& meta);
Result<std::string> BootId();

// An empty file in the layer's folder, so that a mount need not read meta.
inline constexpr char kOpaqueRoot[] = "opaque-root";

}  // namespace ctool::storage
