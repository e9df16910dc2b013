// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/artifact.hpp"
#include "spec/image.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// The row for a manifest. kCorrupt: it is none, or promises more bytes than can be counted.
Result<state::Artifact> ArtifactRow(const std::string& name, std::string manifest);

// What a file is called in an artifact; "" when it has no name.
std::string TitleOf(const spec::Descriptor& file);

}  // namespace ctool::engine
