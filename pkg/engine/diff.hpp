// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct FileChange {
  char kind = 'C';   // 'A'dded, 'C'hanged, 'D'eleted
  std::string path;  // "/etc/hosts"
};

enum class DiffKind { kAny, kContainer, kImage };
// What a container has changed in its image, or an image's last layer in those below; by path. kNotFound
// "x not found: layer not known".
Result<std::vector<FileChange>> Diff(Engine& engine, const std::string& name, DiffKind kind);

// "Apath", each with a NUL behind it: how changes come from the process that finds them.
std::vector<FileChange> ParseChanges(const std::string& text);

}  // namespace ctool::engine
