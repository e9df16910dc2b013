// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "base/result.hpp"
#include "builder/layer.hpp"
#include "builder/session.hpp"

namespace ctool::builder {

// Writes the upper folder of `layer`, which nobody changes any more, out as an archive, hashes it on the way, and makes the
// folder itself the store's layer. `below`: what the root directory under it was like. For a thread of its own: the next step runs on the
// folder meanwhile.
Result<PackedLayer> PackLayer(Session& session, Layer& layer, const std::string& upper, const struct stat& below);

// One layer of everything that `fs` shows.
Result<PackedLayer> PackWhole(Session& session, const Filesystem& fs);

}  // namespace ctool::builder
