// SPDX-License-Identifier: Apache-2.0
#include "engine/container_filter_internal.hpp"

#include <regex.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/images.hpp"

namespace ctool::engine {
namespace {

constexpr const char* kKeys[] = {"id", "name", "label", "label!", "exited", "status", "ancestor", "before", "since",
                                 "volume", "network", "until", "command", "restart-policy", "should-start-on-boot",
                                 "health", "pod"};
constexpr const char* kStates[] = {"created", "configured", "initialized", "running", "paused", "exited", "stopped",
                                   "stopping", "restarting", "removing", "dead", "unknown"};
constexpr const char* kPolicies[] = {"none", "no", "on-failure", "always", "unless-stopped"};

template <size_t N>
bool IsOneOf(const char* const (&words)[N], const std::string& word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// What a filter's value can be, for those that know it beforehand.
Status CheckValue(const std::string& key, const std::string& value) {
  if (key == "exited" && !ParseInt(value)) return Error(Code::kInvalidArgument, "exited code out of range " + Quote(value));
  if (key == "status" && !IsOneOf(kStates, value))
    return Error(Code::kInvalidArgument, "unknown container state: " + Printable(value) + ": invalid argument");
  if (key == "restart-policy" && !IsOneOf(kPolicies, value))
    return Error(Code::kInvalidArgument, "restart policy " + Quote(value) + " is not one of no, on-failure, always, unless-stopped");
  if (key == "should-start-on-boot" && value != "true" && value != "false")
    return Error(Code::kInvalidArgument, "filter should-start-on-boot is true or false, not " + Quote(value));
  return Ok();
}

std::string RestartPolicy(const std::string& spec_text) {
  const Result<ContainerSpec> spec = ContainerSpec::Parse(spec_text);
  return !spec.ok() || spec->restart_policy.empty() ? "no" : spec->restart_policy;
}

// POSIX extended: the patterns that scripts use (^x$, x.*, a|b) mean the same as in Go.
bool MatchesPattern(const std::string& pattern, const std::string& text) {
  regex_t compiled{};
  if (::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool matches = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&compiled);
  return matches;
}

bool HasLabel(const std::string& labels, const std::string& wanted) {
  const nlohmann::json doc = nlohmann::json::parse(labels, nullptr, false);
  const size_t equals = wanted.find('=');
  const auto it = doc.is_object() ? doc.find(wanted.substr(0, equals)) : doc.end();
  if (!doc.is_object() || it == doc.end()) return false;
  return equals == std::string::npos || (it->is_string() && it->get<std::string>() == wanted.substr(equals + 1));
}

bool HasVolume(const std::string& spec_text, const std::string& wanted) {
  const Result<ContainerSpec> spec = ContainerSpec::Parse(spec_text);
  return spec.ok() && std::any_of(spec->mounts.begin(), spec->mounts.end(), [&](const ContainerMount& m) {
    return m.name == wanted || m.source == wanted || m.destination == wanted;
  });
}

// A duration back from now ("10m"), a date, or seconds since 1970.
Result<int64_t> ParseUntil(const std::string& text) {
  if (const auto back = ParseGoDuration(text)) return WallNanos() - *back;
  if (const auto at = ParseRfc3339(text)) return *at;
  if (const auto seconds = ParseInt(text)) return *seconds * 1'000'000'000;
  return Error(Code::kInvalidArgument, "invalid time " + Quote(text) + " in filter until");
}

}  // namespace

Result<ContainerFilter> ContainerFilter::Parse(Engine& engine, const std::vector<std::string>& filters) {
  ContainerFilter out;
  for (const std::string& text : filters) {
    size_t equals = text.find('=');
    if (equals == std::string::npos) return Error(Code::kInvalidArgument, "invalid filter " + Quote(text));
    const std::string key = text.substr(0, equals), value = text.substr(equals + 1);
    if (!IsOneOf(kKeys, key)) return Error(Code::kInvalidArgument, key + " is an invalid filter");
    TRY(CheckValue(key, value));
    if (key == "before" || key == "since") out.times_[key] = TRY(FindContainer(engine, value)).created;
    if (key == "until") out.times_[key] = TRY(ParseUntil(value));
    if (key == "ancestor") {
      const std::optional<FoundImage> image = TRY(FindImage(engine, value));
      out.ancestors_[value] = image ? image->image.id : "";
    }
    out.values_[key].push_back(value);
  }
  return out;
}

bool ContainerFilter::MatchesOne(const std::string& key, const std::string& value, const ContainerRow& row) const {
  const state::Container& c = row.container;
  if (key == "id") return StartsWith(c.id, value);
  if (key == "name") return MatchesPattern(value, c.name) || MatchesPattern(value, "/" + c.name);
  if (key == "label") return HasLabel(c.labels, value);
  if (key == "label!") return !HasLabel(c.labels, value);
  if (key == "exited") return row.state == "exited" && std::to_string(c.exit_code) == value;
  if (key == "status") return row.state == (value == "stopped" ? "exited" : value);
  if (key == "ancestor") {
    const std::string& id = ancestors_.at(value);
    return id.empty() ? c.image_name == value : c.image_id == id;
  }
  if (key == "before") return c.created < times_.at(key);
  if (key == "since") return c.created > times_.at(key);
  if (key == "until") return c.created < times_.at(key);
  if (key == "volume") return HasVolume(c.spec, value);
  if (key == "network") return c.network_mode == value;
  if (key == "command") return StartsWith(c.command, value);
  if (key == "restart-policy") return RestartPolicy(c.spec) == (value == "none" ? "no" : value);
  if (key == "should-start-on-boot") {
    const std::string policy = RestartPolicy(c.spec);
    return (policy == "always" || policy == "unless-stopped") == (value == "true");
  }
  return false;  // health, pod: no container has one
}

bool ContainerFilter::Matches(const ContainerRow& row) const {
  return std::all_of(values_.begin(), values_.end(), [&](const auto& entry) {
    const auto matches = [&](const std::string& value) { return MatchesOne(entry.first, value, row); };
    // "not this label" holds only if it holds for each.
    return entry.first == "label!" ? std::all_of(entry.second.begin(), entry.second.end(), matches)
                                   : std::any_of(entry.second.begin(), entry.second.end(), matches);
  });
}

}  // namespace ctool::engine
