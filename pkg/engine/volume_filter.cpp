// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "engine/filter_time.hpp"
#include "engine/label_filter_internal.hpp"
#include "engine/network_users_internal.hpp"
#include "engine/volumes_internal.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

Result<bool> Boolean(const std::string& key, const std::string& value) {
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return Invalid(Quote(value) + " is not a valid value for the " + Quote(key) + " filter - must be true or false");
}

}  // namespace

Result<VolumeFilter> VolumeFilter::Parse(Engine& engine, const std::vector<std::string>& filters) {
  VolumeFilter out;
  for (const std::string& text : filters) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) return Invalid("filter input must be in the form of filter=value: " + Printable(text) + " is invalid");
    const std::string key = text.substr(0, equals), value = text.substr(equals + 1);
    constexpr std::string_view kKeys[] = {"name", "driver", "scope", "label", "label!", "opt"};
    if (key == "until") out.until_ = TRY(ParseFilterTime(value));
    else if (key == "since" || key == "after") out.since_ = TRY(LookUpVolume(engine, value)).created;
    else if (key == "dangling") out.dangling_ = TRY(Boolean(key, value));
    else if (key == "anonymous") out.anonymous_ = TRY(Boolean(key, value));
    else if (std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys)) out.values_[key].push_back(value);
    else return Invalid(Quote(key) + " is an invalid volume filter");
  }
  return out;
}

Result<bool> VolumeFilter::Matches(Engine& engine, const state::Volume& volume) const {
  if (until_ && volume.created >= *until_) return false;
  if (since_ && volume.created <= *since_) return false;
  if (anonymous_ && volume.anonymous != *anonymous_) return false;
  for (const auto& [key, values] : values_) {
    const auto matches = [&, name = key](const std::string& value) { return MatchesOne(name, value, volume); };
    const bool all = StartsWith(key, "label");
    if (all ? !std::all_of(values.begin(), values.end(), matches) : std::none_of(values.begin(), values.end(), matches)) return false;
  }
  return !dangling_ || TRY(TRY(engine.Db())->VolumeUsers(volume.name)).empty() == *dangling_;
}

bool VolumeFilter::MatchesOne(const std::string& key, const std::string& value, const state::Volume& volume) {
  if (key == "name") return MatchesPattern(value, volume.name);
  if (key == "driver") return volume.driver == value;
  if (key == "scope") return value == "local";
  if (key == "label") return MatchesLabel(StringMap(volume.labels), value);
  if (key == "label!") return !MatchesLabel(StringMap(volume.labels), value);
  const std::map<std::string, std::string> options = StringMap(volume.options);  // opt: KEY or KEY=VALUE
  const size_t equals = value.find('=');
  const auto option = options.find(value.substr(0, equals));
  return option != options.end() && (equals == std::string::npos || option->second == value.substr(equals + 1));
}

}  // namespace ctool::engine
