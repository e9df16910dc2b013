// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::spec {

// OCI image-spec v1.1 image-index.md "platform"; Go's names ("amd64", "arm64", variant "v8").
struct Platform {
  std::string os, architecture, variant;
  std::string os_version = {};                // Windows'
  std::vector<std::string> os_features = {};  // the same

  static Platform Host();  // from uname(2)
  // "linux/amd64", "linux/arm64/v8", "amd64" or "linux" alone (the rest from the host); aliases
  // x86_64, aarch64, armhf, armel, i386 as containerd's platforms package has them.
  static Result<Platform> Parse(std::string_view text);

  std::string Print() const;  // "linux/arm64/v8"
  // Whether an image for `image` runs where this was asked for: same os and architecture, and
  // variant equal or unset on either side.
  bool Accepts(const Platform& image) const;
  bool operator==(const Platform&) const = default;
};

}  // namespace ctool::spec
