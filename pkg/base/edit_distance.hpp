// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace ctool {

// Levenshtein distance in bytes: insertions, deletions, substitutions. For "did you mean": the
// caller bounds the lengths, the work is their product.
size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace ctool
