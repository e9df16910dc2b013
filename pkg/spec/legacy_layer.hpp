// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/digest.hpp"

namespace ctool::spec {

// A layer as docker's oldest archive format describes it: a folder of this id holds layer.tar, VERSION and json.
struct LegacyLayer {
  std::string id;  // 64 hex characters
  std::string json;
};

// Those of an image with these layers, bottom first. `sha256` gives the hex digest of a text: ids are digests of what is
// printed, and they are those that podman and skopeo write.
Result<std::vector<LegacyLayer>> LegacyLayers(std::string_view config, const std::vector<Digest>& diff_ids,
                                              const std::function<std::string(std::string_view)>& sha256);

}  // namespace ctool::spec
