// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"

namespace ctool::engine {

struct SearchOptions {
  std::string term;  // with or without a registry in front
  int64_t limit = 25;
  std::vector<std::string> filters;  // "stars=3", "is-official", "is-automated=false"
  FetchOptions fetch;
};
struct SearchRow {
  std::string index;  // the registry
  std::string name;   // whole
  std::string description, tag;
  int64_t stars = 0;
  bool official = false, automated = false;
};
// Each registry of the search list, or the one that the term names. One that can't be asked is a warning, unless it is the
// only one.
Result<std::vector<SearchRow>> SearchImages(Engine& engine, const SearchOptions& options);
// The tags of one repository.
Result<std::vector<SearchRow>> SearchTags(Engine& engine, const SearchOptions& options);

}  // namespace ctool::engine
