// SPDX-License-Identifier: Apache-2.0
//
// Reading JSON from outside: limits first, then typed look-ups whose errors name the field.
// Only .cpp files include this (it pulls in the JSON library).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/digest.hpp"

namespace ctool::spec {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // for printing: keys stay in the order of the spec

inline constexpr int kMaxJsonDepth = 64;

// Parses one document. kCorrupt, with `what` in front, when it is larger than `max_bytes`, nested
// deeper than kMaxJsonDepth, has a key twice in one object, or is not JSON ("invalid JSON at byte
// 17"). Parsers differ on which of two equal keys wins, so none does.
Result<Json> ParseJson(std::string_view bytes, std::string_view what, size_t max_bytes);

// Compact text. Invalid UTF-8 in a value becomes U+FFFD, as Go's encoder does it.
std::string PrintJson(const OrderedJson& value);

// One JSON object while it is read. A null value counts as missing, as Go programs write it.
// `where` ("manifest", "manifest layers[3]") begins every error; all of them are kCorrupt.
class Object {
 public:
  static Result<Object> Of(const Json& value, std::string where);

  const Json* Find(const char* key) const;  // nullptr: missing or null
  bool Has(const char* key) const;          // the key is there, even with a null value
  const std::string& where() const { return where_; }

  // Missing gives an empty value, false or 0.
  Result<std::string> String(const char* key) const;
  Result<bool> Bool(const char* key) const;
  Result<int64_t> Count(const char* key) const;  // an integer, not negative
  Result<std::vector<std::string>> Strings(const char* key) const;
  Result<std::map<std::string, std::string>> StringMap(const char* key) const;
  Result<std::vector<std::string>> Keys(const char* key) const;  // of an object used as a set
  Result<std::vector<Object>> Objects(const char* key) const;

  // Missing is an error: "manifest: missing config".
  Result<Object> Member(const char* key) const;
  Result<spec::Digest> Digest(const char* key) const;

  // "where: key problem", the key's first letter in lower case.
  Error Bad(std::string_view key, std::string_view problem) const;
  Error Missing(std::string_view key) const;

 private:
  Object(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {}
  const Json* json_;
  std::string where_;
};

// kCorrupt when `text` holds a NUL byte: such a string would be cut short at execve(2).
Status RefuseNul(const Object& object, const char* key, std::string_view text);

}  // namespace ctool::spec
