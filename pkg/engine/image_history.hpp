// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct HistoryRow {
  std::string id;           // of the image that ended with this step, "" when it is not here
  std::string created;      // RFC 3339, may be ""
  std::string created_by, comment;
  int64_t size = 0;         // what the step's layer holds
};

// How an image was made, the last step first.
Result<std::vector<HistoryRow>> ImageHistory(Engine& engine, const std::string& name);

}  // namespace ctool::engine
