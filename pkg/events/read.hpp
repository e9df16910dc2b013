// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "sys/rotated.hpp"

namespace ctool::events {

struct Event {
  int64_t time = 0;  // wall ns
  std::string type, status, id, name, image;
  std::optional<int> exit_code;
  std::string health, error;
  std::map<std::string, std::string> attributes;
};

// Nothing for what is no event: a line may be torn.
std::optional<Event> Parse(std::string_view line);

// The events of a log in the order in which they were told.
class Reader {
 public:
  explicit Reader(const std::string& log) : file_(log) {}
  // Leaves out what was told before now.
  Status SkipToEnd();
  // What was told since the last call.
  Result<std::vector<Event>> Read();

 private:
  sys::RotatedFile file_;
  std::string rest_;  // of a line that is being written
};

// --filter: KEY=VALUE with container, event (or status), image, label, pod, type, volume. Of several with one key one
// has to match, and every key. kInvalidArgument with podman's words.
class Filter {
 public:
  static Result<Filter> Parse(const std::vector<std::string>& filters);
  bool Matches(const Event& event) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;  // by key, in lower case
};

}  // namespace ctool::events
