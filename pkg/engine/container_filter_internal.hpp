// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/containers.hpp"

namespace ctool::engine {

// --filter of ps and of the commands that take it: the same key twice is "or" (but "and" for labels),
// different keys are "and". Syntax: podman-ps(1).
class ContainerFilter {
 public:
  static Result<ContainerFilter> Parse(Engine& engine, const std::vector<std::string>& filters);

  bool Matches(const ContainerRow& row) const;
  bool names_a_state() const { return values_.count("status") != 0 || values_.count("exited") != 0; }
  bool needs_health() const { return values_.count("health") != 0; }
  bool needs_spec() const {
    return values_.count("volume") != 0 || values_.count("restart-policy") != 0 || values_.count("should-start-on-boot") != 0;
  }

 private:
  bool MatchesOne(const std::string& key, const std::string& value, const ContainerRow& row) const;

  std::map<std::string, std::vector<std::string>> values_;
  std::map<std::string, int64_t> times_;  // of before=, since=, until=
  std::map<std::string, std::string> ancestors_;  // as typed -> image id
  std::map<std::string, std::shared_ptr<const regex_t>> patterns_;  // as typed
};

}  // namespace ctool::engine
