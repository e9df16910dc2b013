// SPDX-License-Identifier: Apache-2.0
#include "build/line.hpp"

#include <algorithm>

namespace ctool::build {

void Line::Append(std::string_view part, Location where) {
  parts_.push_back({text_.size(), where});
  text_ += part;
}

Location Line::At(size_t offset) const {
  if (parts_.empty()) return {};
  const auto after = std::upper_bound(parts_.begin(), parts_.end(), offset,
                                      [](size_t at, const Part& part) { return at < part.offset; });
  const Part& part = after == parts_.begin() ? *after : *(after - 1);
  return {part.where.line, part.where.column + static_cast<int>(offset - part.offset)};
}

}  // namespace ctool::build
