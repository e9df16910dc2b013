// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "cli/value.hpp"

namespace ctool::cli {

// Go's encoding/json without HTML escaping. indent 0 is one line; podman uses 5 for inspect, 4 for
// images, 2 for ps. No newline at the end.
std::string ToJson(const Value& value, size_t indent = 0);

// What a JSON text does not say about the Go types it came from. An object is a struct of its own
// type unless its key is listed in `maps`; a null is a nil pointer unless its key is listed in
// `maps` or `lists`; the names in `times` and `durations` hold RFC 3339 texts and nanoseconds. A name in
// `durations` may say in which object: "Healthcheck.Timeout".
struct JsonShape {
  std::string_view type = "interface {}";  // of the outermost object
  std::span<const std::string_view> maps = {};
  std::span<const std::string_view> lists = {};
  std::span<const std::string_view> times = {};
  std::span<const std::string_view> durations = {};
  // Those of `optional` that are "" when they are left out, not nil.
  std::span<const std::string_view> texts = {};
  // {the object's key ("" is the outermost), field}: what the JSON leaves out when it is empty.
  std::span<const std::pair<std::string_view, std::string_view>> optional = {};
  // JSON key -> another name for templates: {"Id", "ID"}.
  std::span<const std::pair<std::string_view, std::string_view>> aliases = {};
};

// Errors: kCorrupt for what is no JSON, or nested deeper than 200 levels.
Result<Value> FromJson(std::string_view text, const JsonShape& shape = {});

}  // namespace ctool::cli
