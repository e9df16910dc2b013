// SPDX-License-Identifier: Apache-2.0
#include "events/read.hpp"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace ctool::events {
namespace {

using Json = nlohmann::json;

std::string Text(const Json& from, const char* key) {
  const auto it = from.find(key);
  return it != from.end() && it->is_string() ? it->get<std::string>() : "";
}

bool HasLabel(const Event& event, const std::string& wanted) {
  const size_t equals = wanted.find('=');
  const auto found = event.attributes.find(wanted.substr(0, equals));
  if (found == event.attributes.end()) return false;
  return equals == std::string::npos || found->second == wanted.substr(equals + 1);
}

bool MatchesOne(const Event& event, const std::string& key, const std::string& value) {
  if (key == "event" || key == "status") return event.status == (value == "die" ? "died" : value);
  if (key == "type") return event.type == value;
  if (key == "label") return HasLabel(event, value);
  if (event.type != key) return false;
  if (key == "volume") return StartsWith(event.name, value);
  return event.name == value || StartsWith(event.id, value);
}

}  // namespace

std::optional<Event> Parse(std::string_view line) {
  const Json doc = Json::parse(line, nullptr, false);
  if (!doc.is_object()) return std::nullopt;
  Event event;
  const auto time = doc.find("Time");
  if (time == doc.end() || !time->is_number_integer()) return std::nullopt;
  event.time = time->get<int64_t>();
  event.type = Text(doc, "Type");
  event.status = Text(doc, "Status");
  if (event.type.empty() || event.status.empty()) return std::nullopt;
  event.id = Text(doc, "ID");
  event.name = Text(doc, "Name");
  event.image = Text(doc, "Image");
  event.health = Text(doc, "health_status");
  event.error = Text(doc, "Error");
  const auto code = doc.find("ContainerExitCode");
  if (code != doc.end() && code->is_number_integer()) event.exit_code = static_cast<int>(code->get<int64_t>());
  const auto attributes = doc.find("Attributes");
  if (attributes != doc.end() && attributes->is_object())
    for (const auto& [key, value] : attributes->items())
      if (value.is_string()) event.attributes[key] = value.get<std::string>();
  return event;
}

Status Reader::SkipToEnd() {
  TRY(file_.Open());
  std::deque<sys::Fd>& parts = file_.parts();
  while (parts.size() > 1) parts.pop_front();
  if (!parts.empty() && ::lseek(parts.front().get(), 0, SEEK_END) < 0) return Error::Sys(errno, "seek", "the event log");
  return Ok();
}

Result<std::vector<Event>> Reader::Read() {
  std::vector<Event> events;
  for (std::string chunk(64 << 10, '\0');;) {
    const size_t n = TRY(file_.Read(chunk.data(), chunk.size()));
    if (n == 0) return events;
    rest_.append(chunk, 0, n);
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
      if (std::optional<Event> event = Parse(std::string_view(rest_).substr(begin, end - begin)))
        events.push_back(std::move(*event));
    rest_.erase(0, begin);
  }
}

Result<Filter> Filter::Parse(const std::vector<std::string>& filters) {
  constexpr std::string_view kKeys[] = {"container", "event", "status", "image", "label", "network", "pod", "type", "volume"};
  Filter filter;
  for (const std::string& text : filters) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) return Error(Code::kInvalidArgument, text + " is an invalid filter");
    const std::string key = ToLower(text.substr(0, equals));
    if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys))
      return Error(Code::kInvalidArgument, text.substr(0, equals) + " is an invalid filter");
    filter.values_[key].push_back(text.substr(equals + 1));
  }
  return filter;
}

bool Filter::Matches(const Event& event) const {
  return std::all_of(values_.begin(), values_.end(), [&](const auto& wanted) {
    return std::any_of(wanted.second.begin(), wanted.second.end(),
                       [&](const std::string& value) { return MatchesOne(event, wanted.first, value); });
  });
}

}  // namespace ctool::events
