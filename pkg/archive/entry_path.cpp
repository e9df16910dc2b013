// SPDX-License-Identifier: Apache-2.0
#include "archive/entry_path_internal.hpp"

#include <climits>

#include "base/text.hpp"

namespace ctool::archive {
namespace {

constexpr size_t kMaxDepth = 1024;

}  // namespace

std::string Shown(std::string_view name) {
  constexpr size_t kShownBytes = 200;
  if (name.size() <= kShownBytes) return Quote(name);
  return Quote(name.substr(0, kShownBytes)) + "...";
}

Result<std::string> CleanPath(std::string_view name) {
  if (name.size() >= PATH_MAX) return Error(Code::kCorrupt, "name too long: " + Shown(name));
  std::string path;
  path.reserve(name.size());
  size_t depth = 0;
  for (size_t at = 0; at < name.size();) {
    const size_t slash = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, slash - at);
    at = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (depth == 0) return Error(Code::kCorrupt, "path " + Shown(name) + " escapes the layer");
      const size_t last = path.rfind('/');
      path.resize(last == std::string::npos ? 0 : last);
      --depth;
      continue;
    }
    if (part.size() > NAME_MAX) return Error(Code::kCorrupt, "name too long: " + Shown(name));
    if (++depth > kMaxDepth)
      return Error(Code::kCorrupt, "path " + Shown(name) + " is nested more than 1024 deep");
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

}  // namespace ctool::archive
