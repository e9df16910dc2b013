// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/images.hpp"
#include "engine/options.hpp"
#include "spec/platform.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {

// `name` without "docker://". kUnsupported for another transport ("oci-archive:x.tar").
Result<std::string> WithoutTransport(std::string_view name);

// Which platform was asked for with --platform, or --os, --arch and --variant.
struct AskedPlatform {
  spec::Platform platform;  // what was not said is the host's
  bool asked = false;
};
Result<AskedPlatform> PlatformFrom(const FetchOptions& fetch);

// os, architecture and variant of an image's config; empty fields when it is silent.
Result<spec::Platform> PlatformOf(const state::Image& image);

// podman's sentence about an image of another platform than `expected`; empty: it fits. A variant
// counts only when it was asked for.
std::string PlatformMismatch(const spec::Platform& image, const AskedPlatform& expected);

// What a short name may stand for, best first. docker.io is always the last resort: podman looks
// there whatever registries.conf says.
Result<std::vector<spec::Reference>> ShortNameCandidates(const std::string& name);

// "image not known", as every command says it.
Error ImageNotKnown(const std::string& name);

}  // namespace ctool::engine
