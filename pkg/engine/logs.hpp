// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct LogsOptions {
  bool follow = false, timestamps = false, names = false, color = false;
  int64_t tail = -1;                   // lines; negative: all
  std::optional<int64_t> since, until;  // wall ns
};
// Takes bytes for stdout or stderr; false: nobody reads them any more.
using LogSink = std::function<bool(bool is_stderr, std::string_view bytes)>;

// What containers have written, one after the other, or with `follow` as it comes, until all have ended. With several
// each line begins with its container's id or name.
Status Logs(Engine& engine, const std::vector<std::string>& names_or_ids, const LogsOptions& options,
            const LogSink& sink);

}  // namespace ctool::engine
