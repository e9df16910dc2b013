// SPDX-License-Identifier: Apache-2.0
#include "engine/json_slices_internal.hpp"

#include <nlohmann/json.hpp>

namespace ctool::engine {
namespace {

constexpr auto kEnd = std::string_view::npos;
constexpr const char* kBlanks = " \t\n\r";

// The place behind the string that begins at `at`.
size_t SkipString(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return kEnd;
}

// The place behind the value that begins at `at`.
size_t SkipValue(std::string_view text, size_t at) {
  if (at >= text.size()) return kEnd;
  if (text[at] == '"') return SkipString(text, at);
  if (text[at] != '{' && text[at] != '[') {
    const size_t end = text.find_first_of(",]} \t\n\r", at);
    return end == at ? kEnd : end;
  }
  for (size_t depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      continue;  // kEnd ends the loop
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
    if (depth == 0) return at;
  }
  return kEnd;
}

size_t SkipBlanks(std::string_view text, size_t at) { return at < text.size() ? text.find_first_not_of(kBlanks, at) : kEnd; }

// Calls `member` at the beginning of each; it returns the place behind it. False: it is not between these brackets.
template <class Member>
bool EachMember(std::string_view text, char open, char close, const Member& member) {
  size_t at = SkipBlanks(text, 0);
  if (at == kEnd || text[at] != open) return false;
  at = SkipBlanks(text, at + 1);
  for (bool first = true; at != kEnd; first = false) {
    if (text[at] == close) return SkipBlanks(text, at + 1) == kEnd;
    if (!first) {
      if (text[at] != ',') return false;
      at = SkipBlanks(text, at + 1);
      if (at == kEnd) return false;
    }
    at = member(at);
    if (at == kEnd) return false;
    at = SkipBlanks(text, at);
  }
  return false;
}

}  // namespace

std::optional<JsonMembers> CutObject(std::string_view json) {
  JsonMembers members;
  const bool whole = EachMember(json, '{', '}', [&](size_t at) -> size_t {
    if (json[at] != '"') return kEnd;
    const size_t key_end = SkipString(json, at);
    if (key_end == kEnd) return kEnd;
    const size_t colon = SkipBlanks(json, key_end);
    if (colon == kEnd || json[colon] != ':') return kEnd;
    const size_t begin = SkipBlanks(json, colon + 1), end = SkipValue(json, begin);
    if (end != kEnd) members.emplace_back(json.substr(at + 1, key_end - at - 2), json.substr(begin, end - begin));
    return end;
  });
  return whole ? std::optional(std::move(members)) : std::nullopt;
}

std::optional<std::vector<std::string_view>> CutArray(std::string_view json) {
  std::vector<std::string_view> elements;
  const bool whole = EachMember(json, '[', ']', [&](size_t at) {
    const size_t end = SkipValue(json, at);
    if (end != kEnd) elements.push_back(json.substr(at, end - at));
    return end;
  });
  return whole ? std::optional(std::move(elements)) : std::nullopt;
}

std::optional<std::string> CutString(std::string_view json) {
  if (json.size() < 2 || json.front() != '"' || json.back() != '"') return std::nullopt;
  if (json.find('\\') == kEnd) return std::string(json.substr(1, json.size() - 2));
  const nlohmann::json text = nlohmann::json::parse(json, nullptr, false);
  return text.is_string() ? std::optional(text.get<std::string>()) : std::nullopt;
}

}  // namespace ctool::engine
