// SPDX-License-Identifier: Apache-2.0
#include "engine/image_mount.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

#include "engine/images.hpp"
#include "engine/rootfs_view.hpp"
#include "engine/unshare.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// Below the run folder, as containers have it: gone after a reboot, and with the image.
struct Places {
  std::string folder, merged, empty;
};
Result<Places> PlacesOf(Engine& engine, const std::string& id, bool create) {
  const std::string folder = TRY(engine.RunDir(id, create));
  return Places{folder, folder + "/merged", folder + "/empty"};
}

}  // namespace

Result<ImageMountPoint> MountImage(Engine& engine, const std::string& name) {
  ImageMountPoint point{TRY(RequireImage(engine, name)).image, ""};
  const storage::Store& store = *TRY(engine.Store());
  const Places places = TRY(PlacesOf(engine, point.image.id, true));
  point.path = places.merged;
  if (TRY(IsMounted(point.path))) return point;
  std::vector<spec::Digest> diff_ids;
  for (const state::ImageLayer& layer : point.image.layers) diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
  sys::DetachedMount::Options options;
  for (const std::string& layer : store.LowerDirs(diff_ids, point.image.fixup_layer)) options.emplace_back("lowerdir+", layer);
  // The kernel makes no overlay of one layer: an empty one at the bottom changes nothing.
  options.emplace_back("lowerdir+", places.empty);
  options.emplace_back("userxattr", "");
  TRY(sys::MakeDirs(places.merged, 0700));
  TRY(sys::MakeDirs(places.empty, 0700));
  TRY(MountOverlay(options, point.path));
  return point;
}

Result<std::vector<ImageMountPoint>> ListMountedImages(Engine& engine) {
  std::vector<ImageMountPoint> mounted;
  for (state::Image& image : TRY(TRY(engine.Db())->ListImages())) {
    std::string path = TRY(PlacesOf(engine, image.id, false)).merged;
    if (TRY(IsMounted(path))) mounted.push_back({std::move(image), std::move(path)});
  }
  return mounted;
}

Result<std::string> UnmountImage(Engine& engine, const std::string& name) {
  const std::string id = TRY(RequireImage(engine, name)).image.id;
  const Places places = TRY(PlacesOf(engine, id, false));
  if (!TRY(IsMounted(places.merged))) return std::string();
  if (::umount2(places.merged.c_str(), MNT_DETACH) < 0) return Error::Sys(errno, "unmount", places.merged);
  // It may be mounted elsewhere too (another `unshare`): then the folders stay until the image goes.
  if (::rmdir(places.merged.c_str()) == 0) {
    ::rmdir(places.empty.c_str());
    ::rmdir(places.folder.c_str());
  }
  return id;
}

}  // namespace ctool::engine
