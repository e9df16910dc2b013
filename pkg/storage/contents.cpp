// SPDX-License-Identifier: Apache-2.0
//
// What is there. Apart from the files that hash and unpack, so that the program that starts
// containers links none of their libraries.
#include <fcntl.h>

#include <algorithm>

#include "storage/store.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"

namespace ctool::storage {

Result<std::vector<spec::Digest>> Store::ListBlobs() const {
  std::vector<spec::Digest> blobs;
  for (const char* algorithm : {"sha256", "sha512"}) {
    const std::string folder = root_ + "/" + kBlobs + "/" + algorithm;
    const sys::Fd dir = TRY(sys::Open(folder, O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(sys::ListDir(dir.get(), folder))) {
      Result<spec::Digest> digest = spec::Digest::Parse(std::string(algorithm) + ":" + name);
      if (digest.ok()) blobs.push_back(std::move(digest).value());
    }
  }
  return blobs;
}

Result<std::vector<std::string>> Store::ListLayers() const {
  const std::string folder = root_ + "/" + kLayers;
  const sys::Fd dir = TRY(sys::Open(folder, O_RDONLY | O_DIRECTORY));
  return sys::ListDir(dir.get(), folder);
}

std::vector<std::string> Store::LowerDirs(const std::vector<spec::Digest>& diff_ids,
                                          const std::string& fixup_layer) const {
  std::vector<std::string> dirs;
  if (!fixup_layer.empty()) dirs.push_back(root_ + "/" + kLayers + "/" + fixup_layer + "/diff");
  for (auto id = diff_ids.rbegin(); id != diff_ids.rend(); ++id) {
    const std::string layer = LayerPath(*id);
    std::string diff = layer + "/diff";
    // An image may have one layer twice, an overlay may not. What the lower one shows is in the
    // upper one too.
    if (std::find(dirs.begin(), dirs.end(), diff) == dirs.end()) dirs.push_back(std::move(diff));
    if (sys::Exists(layer + "/" + kOpaqueRoot)) break;
  }
  return dirs;
}

}  // namespace ctool::storage
