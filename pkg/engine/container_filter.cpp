// SPDX-License-Identifier: Apache-2.0
#include "engine/container_filter_internal.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/filter_time.hpp"
#include "engine/images.hpp"
#include "engine/label_filter_internal.hpp"
#include "engine/networks.hpp"

namespace ctool::engine {
namespace {

constexpr const char* kKeys[] = {"id", "name", "label", "label!", "exited", "status", "ancestor", "before", "since",
                                 "volume", "network", "until", "command", "restart-policy", "should-start-on-boot",
                                 "health", "pod"};
constexpr const char* kStates[] = {"created", "initialized", "running", "paused", "exited", "stopped", "stopping",
                                   "removing", "unknown"};
constexpr const char* kPolicies[] = {"none", "no", "on-failure", "always", "unless-stopped"};

template <size_t N>
bool IsOneOf(const char* const (&words)[N], const std::string& word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::optional<bool> ParseBool(const std::string& word) {
  constexpr const char* kTrue[] = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr const char* kFalse[] = {"0", "f", "F", "false", "FALSE", "False"};
  if (IsOneOf(kTrue, word)) return true;
  return IsOneOf(kFalse, word) ? std::optional(false) : std::nullopt;
}

// What a filter's value can be, for those that know it beforehand.
Status CheckValue(const std::string& key, const std::string& value) {
  if (key == "exited" && !ParseInt(value)) return Error(Code::kInvalidArgument, "exited code out of range " + Quote(value));
  if (key == "status" && !IsOneOf(kStates, value))
    return Error(Code::kInvalidArgument, "unknown container state: " + Printable(value) + ": invalid argument");
  if (key == "restart-policy" && !IsOneOf(kPolicies, value))
    return Error(Code::kInvalidArgument, Printable(value) + " invalid restart policy");
  if (key == "should-start-on-boot" && !ParseBool(value))
    return Error(Code::kInvalidArgument, "strconv.ParseBool: parsing " + Quote(value) + ": invalid syntax");
  return Ok();
}

std::string RestartPolicy(const std::string& spec_text) {
  const Result<ContainerSpec> spec = ContainerSpec::Parse(spec_text);
  return !spec.ok() || spec->restart_policy.empty() ? "no" : spec->restart_policy;
}

// POSIX extended: the patterns that scripts use (^x$, x.*, a|b) mean the same as in Go. Null for what is no
// pattern, which matches nothing.
std::shared_ptr<const regex_t> Compile(const std::string& pattern) {
  auto compiled = std::make_unique<regex_t>();
  if (::regcomp(compiled.get(), pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return nullptr;
  return {compiled.release(), [](regex_t* regex) {
            ::regfree(regex);
            delete regex;
          }};
}

bool IsPattern(const std::string& key) { return key == "name" || key == "command" || key == "id"; }

bool HasLabel(const std::string& labels, const std::string& wanted) {
  const nlohmann::json doc = nlohmann::json::parse(labels, nullptr, false);
  std::map<std::string, std::string> map;
  if (doc.is_object())
    for (const auto& [key, value] : doc.items())
      if (value.is_string()) map[key] = value.get<std::string>();
  return MatchesLabel(map, wanted);
}

// A volume's name, a source or a place inside; or SOURCE:PLACE.
bool HasVolume(const std::string& spec_text, const std::string& wanted) {
  const Result<ContainerSpec> spec = ContainerSpec::Parse(spec_text);
  const size_t colon = wanted.find(':');
  const std::string source = wanted.substr(0, colon);
  return spec.ok() && std::any_of(spec->mounts.begin(), spec->mounts.end(), [&](const ContainerMount& m) {
    const bool from = (m.type == "volume" ? m.name : m.source) == source;
    if (colon != std::string::npos) return from && m.destination == wanted.substr(colon + 1);
    return from || m.destination == source;
  });
}

// Keys of which every value has to hold, not just one.
bool AllMustHold(const std::string& key) { return key == "label" || key == "label!"; }

}  // namespace

Result<ContainerFilter> ContainerFilter::Parse(Engine& engine, const std::vector<std::string>& filters) {
  ContainerFilter out;
  for (const std::string& text : filters) {
    size_t equals = text.find('=');
    if (equals == std::string::npos) return Error(Code::kInvalidArgument, "invalid filter " + Quote(text));
    const std::string key = text.substr(0, equals);
    std::string value = text.substr(equals + 1);
    // docker shows names with a slash in front.
    if (key == "name") std::erase(value, '/');
    if (IsPattern(key)) out.patterns_[value] = Compile(value);
    if (!IsOneOf(kKeys, key)) return Error(Code::kInvalidArgument, key + " is an invalid filter");
    TRY(CheckValue(key, value));
    if (key == "before" || key == "since") {
      // Of several the oldest counts, for both.
      const int64_t created = TRY(FindContainer(engine, value)).created;
      const auto [it, first] = out.times_.emplace(key, created);
      if (!first) it->second = std::min(it->second, created);
    }
    if (key == "until" && out.times_.count(key) != 0)
      return Error(Code::kInvalidArgument, "specify exactly one timestamp for until");
    if (key == "until") out.times_[key] = TRY(ParseFilterTime(value));
    if (key == "ancestor") {
      const std::optional<FoundImage> image = TRY(FindImage(engine, value));
      out.ancestors_[value] = image ? image->image.id : "";
    }
    // By name; an id is as good.
    if (key == "network")
      if (const Result<bridge::Definition> network = FindNetwork(engine, value); network.ok()) value = network->name;
    out.values_[key].push_back(value);
  }
  return out;
}

bool ContainerFilter::MatchesOne(const std::string& key, const std::string& value, const ContainerRow& row) const {
  const state::Container& c = row.container;
  const auto matches_pattern = [&](const std::string& text) {
    const std::shared_ptr<const regex_t>& pattern = patterns_.at(value);
    return pattern != nullptr && ::regexec(pattern.get(), text.c_str(), 0, nullptr, 0) == 0;
  };
  if (key == "id") {
    // Hex digits are the beginning of an id, anything else is a pattern.
    const bool hex = value.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    return hex ? StartsWith(c.id, ToLower(value)) : matches_pattern(c.id);
  }
  if (key == "name") return matches_pattern(c.name);
  if (key == "label") return HasLabel(c.labels, value);
  if (key == "label!") return !HasLabel(c.labels, value);
  if (key == "exited") return row.state == "exited" && std::to_string(c.exit_code) == value;
  if (key == "status") return row.state == (value == "stopped" ? "exited" : value);
  if (key == "ancestor") {
    const std::string& id = ancestors_.at(value);
    if (!id.empty()) return c.image_id == id;
    // An image that is gone, or was never here: its name, or a part of its id.
    return c.image_name == value || c.image_id.find(value) != std::string::npos;
  }
  if (key == "before") return c.created < times_.at(key);
  if (key == "since") return c.created > times_.at(key);
  if (key == "until") return c.created < times_.at(key);
  if (key == "volume") return HasVolume(c.spec, value);
  if (key == "network") {
    const std::vector<std::string> networks = NetworksOf(c);
    return c.network_mode.substr(0, c.network_mode.find(':')) == value || c.network_mode == value ||
           std::find(networks.begin(), networks.end(), value) != networks.end();
  }
  if (key == "command") return matches_pattern(c.command.substr(0, c.command.find(' ')));
  if (key == "restart-policy") return RestartPolicy(c.spec) == (value == "none" ? "no" : value);
  if (key == "should-start-on-boot") {
    const std::string policy = RestartPolicy(c.spec);
    return (policy == "always" || policy == "unless-stopped") == ParseBool(value).value_or(false);
  }
  if (key == "health") return row.health == value;
  return false;  // pod: no container has one
}

bool ContainerFilter::Matches(const ContainerRow& row) const {
  return std::all_of(values_.begin(), values_.end(), [&](const auto& entry) {
    const auto matches = [&](const std::string& value) { return MatchesOne(entry.first, value, row); };
    return AllMustHold(entry.first) ? std::all_of(entry.second.begin(), entry.second.end(), matches)
                                   : std::any_of(entry.second.begin(), entry.second.end(), matches);
  });
}

}  // namespace ctool::engine
