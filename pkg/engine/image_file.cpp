// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include "engine/bundle_internal.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::engine {

// The uppermost layer that has it says what it is; a whiteout is no regular file.
Result<std::string> ReadImageFile(const ContainerSpec& spec, const std::string& path) {
  constexpr size_t kMost = 1 << 20;
  std::vector<std::string> layers = spec.layers;
  if (!spec.rootfs.empty() && !spec.rootfs_overlay) layers = {spec.rootfs};
  for (const std::string& layer : layers) {
    const sys::Root root = TRY(sys::Root::Open(layer));
    const Result<sys::Fd> file = root.Open(path, O_PATH);
    if (!file.ok() && (file.error().sys_errno() == ENOENT || file.error().sys_errno() == ENOTDIR)) continue;
    if (!file.ok()) return file.error();
    if (!S_ISREG(TRY(sys::StatFd(file->get(), path)).st_mode)) return std::string();
    return root.ReadRegular(path, kMost);
  }
  return std::string();
}

}  // namespace ctool::engine
