// SPDX-License-Identifier: Apache-2.0
#include "transport/layout_index_internal.hpp"

#include <algorithm>

namespace ctool::transport {

void LayoutIndex::Add(const Document& top, const std::vector<std::string>& names) {
  spec::Descriptor entry;
  entry.media_type = top.content_type;
  entry.digest = top.digest;
  entry.size = static_cast<int64_t>(top.bytes.size());
  // Only lists come here as what they are; of an image that was pulled the one for the platform does.
  if (top.content_type == spec::kOciIndex || top.content_type == spec::kDockerList) entry.annotations[kListAnnotation] = "true";
  std::vector<spec::Descriptor>& all = index_.manifests;
  if (names.empty()) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const spec::Descriptor& one) { return one.digest == entry.digest; });
    if (!known) all.push_back(std::move(entry));
    return;
  }
  const std::string key(spec::kRefNameAnnotation);
  for (const std::string& name : names) {
    all.erase(std::remove_if(all.begin(), all.end(), [&](const spec::Descriptor& one) {
      const auto found = one.annotations.find(key);
      return found != one.annotations.end() && found->second == name;
    }), all.end());
    entry.annotations[key] = name;
    all.push_back(entry);
  }
}

}  // namespace ctool::transport
