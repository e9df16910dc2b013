// SPDX-License-Identifier: Apache-2.0
//
// Configuration documents with the place of every value, so that a complaint can say FILE:LINE:COL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::config {

// A value of a TOML document; the library that parses it stays in document.cpp.
struct Node {
  struct Member;
  enum class Kind { kString, kInteger, kBool, kArray, kTable, kOther };
  Kind kind = Kind::kOther;
  std::string string;
  int64_t integer = 0;
  bool boolean = false;
  std::vector<Node> items;      // kArray
  std::vector<Member> members;  // kTable
  std::string place;            // "FILE:LINE:COL"

  const Node* Find(std::string_view key) const;
  // kCorrupt "FILE:LINE:COL: problem".
  Error Bad(std::string_view problem) const;
};
struct Node::Member {
  std::string name;
  Node value;
};

// `file` names the source in errors. kCorrupt with FILE:LINE:COL for bad TOML.
Result<Node> ParseToml(std::string_view text, const std::string& file);
Result<Node> ReadToml(const std::string& file);

// Typed values; kCorrupt with the place and what was expected instead.
Result<std::string> AsString(const Node& node, std::string_view key);
Result<bool> AsBool(const Node& node, std::string_view key);
Result<int64_t> AsInteger(const Node& node, std::string_view key);
// `append` (may be null): set when the array ends in {append = true}, which adds to the value of
// the file before instead of replacing it (containers.conf(5)).
Result<std::vector<std::string>> AsStrings(const Node& node, std::string_view key, bool* append);

// Checks a JSON document from a configuration file before it is parsed for good: syntax (kCorrupt
// with FILE:LINE:COL), nesting of at most 64, no key twice in one object.
Status CheckJson(std::string_view text, const std::string& file);

}  // namespace ctool::config
