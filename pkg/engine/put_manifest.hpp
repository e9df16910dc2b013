// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/image.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// Writes image.config and a manifest of `layers` (media type `manifest_type`, which decides the config's) as blobs, and
// fills what follows from them: id, digests, times, and the name, whole or empty.
Status PutManifest(const storage::Store& store, std::string_view manifest_type, std::vector<spec::Descriptor> layers,
                   const std::string& created, const std::string& name, state::Image& image, std::map<std::string, std::string> annotations = {});

}  // namespace ctool::engine
