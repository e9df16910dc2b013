// SPDX-License-Identifier: Apache-2.0
//
// The one file that sees the TOML library: it is large, and throws unless it is told not to.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_MAX_NESTED_VALUES 64
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/text.hpp"
#include "config/document_internal.hpp"
#include "config/paths_internal.hpp"

namespace ctool::config {
namespace {

std::string Place(const std::string& file, const toml::source_region& at) {
  return file + ":" + std::to_string(at.begin.line) + ":" + std::to_string(at.begin.column);
}

Node Convert(const toml::node& from, const std::string& file) {
  Node node;
  node.place = Place(file, from.source());
  if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::kString;
    node.string = text->get();
  } else if (const auto* number = from.as_integer()) {
    node.kind = Node::Kind::kInteger;
    node.integer = number->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Node::Kind::kBool;
    node.boolean = boolean->get();
  } else if (const auto* array = from.as_array()) {
    node.kind = Node::Kind::kArray;
    for (const toml::node& item : *array) node.items.push_back(Convert(item, file));
  } else if (const auto* table = from.as_table()) {
    node.kind = Node::Kind::kTable;
    for (const auto& [key, value] : *table)
      node.members.push_back({std::string(key.str()), Convert(value, file)});
  }
  return node;
}

// Without the comments that have a line to themselves, which are nearly all that distributions'
// files hold: the parser decodes them character by character, the greater part of a start's
// configuration. The line breaks stay, and so do the places of errors. A file with multi-line
// strings, where a '#' may be text, is left alone.
std::string WithoutCommentLines(std::string_view text) {
  std::string out;
  if (text.find("\"\"\"") != std::string_view::npos || text.find("'''") != std::string_view::npos)
    return out.assign(text);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const size_t first = line.find_first_not_of(" \t");
    if (first != std::string_view::npos && line[first] != '#') out += line;
    if (end == std::string_view::npos) break;
    out += '\n';
    text.remove_prefix(end + 1);
  }
  return out;
}

Error WrongType(const Node& node, std::string_view key, std::string_view expected) {
  return node.Bad(std::string(key) + " must be " + std::string(expected));
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  for (const auto& [name, value] : members)
    if (name == key) return &value;
  return nullptr;
}

Error Node::Bad(std::string_view problem) const {
  return Error(Code::kCorrupt, place + ": " + std::string(problem));
}

Result<Node> ParseToml(std::string_view text, const std::string& file) {
  const toml::parse_result parsed = toml::parse(WithoutCommentLines(text));
  if (!parsed)
    return Error(Code::kCorrupt, Place(file, parsed.error().source()) + ": " +
                                     Printable(parsed.error().description()));
  return Convert(parsed.table(), file);
}

Result<Node> ReadToml(const std::string& file) {
  const std::string text = TRY(ReadConfigText(file));
  return ParseToml(text, file);
}

Result<std::string> AsString(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::kString) return WrongType(node, key, "a string");
  if (node.string.find('\0') != std::string::npos)
    return node.Bad(std::string(key) + " holds a NUL character");
  return node.string;
}

Result<bool> AsBool(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::kBool) return WrongType(node, key, "true or false");
  return node.boolean;
}

Result<int64_t> AsInteger(const Node& node, std::string_view key) {
  if (node.kind != Node::Kind::kInteger) return WrongType(node, key, "an integer");
  return node.integer;
}

Result<std::vector<std::string>> AsStrings(const Node& node, std::string_view key, bool* append) {
  if (node.kind != Node::Kind::kArray) return WrongType(node, key, "a list of strings");
  std::vector<std::string> values;
  for (const Node& item : node.items) {
    const Node* flag = &item == &node.items.back() ? item.Find("append") : nullptr;
    if (append != nullptr && flag != nullptr && item.members.size() == 1) {
      *append = TRY(AsBool(*flag, "append"));
      continue;
    }
    values.push_back(TRY(AsString(item, std::string("each element of ") + std::string(key))));
  }
  return values;
}

}  // namespace ctool::config
