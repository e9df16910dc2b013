// SPDX-License-Identifier: Apache-2.0
#include "yaml/yaml.hpp"

#include <yaml.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace ctool::yaml {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxDepth = 64, kMaxNodes = 1'000'000;

Error At(const yaml_mark_t& mark, const std::string& what) {
  return Error(Code::kCorrupt, "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": " + what);
}

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() {
    if (filled_) yaml_event_delete(&event_);
  }
  Status Next(yaml_parser_t& parser) {
    if (filled_) yaml_event_delete(&event_);
    filled_ = yaml_parser_parse(&parser, &event_) != 0;
    if (filled_) return Ok();
    return At(parser.problem_mark, parser.problem == nullptr ? "it is no YAML" : parser.problem);
  }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
  bool filled_ = false;
};

bool IsNumber(const std::string& text) {
  return text.find_first_of("0123456789") != std::string::npos && text.find_first_not_of("0123456789+-.eE") == std::string::npos;
}

Json Plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (const std::optional<int64_t> number = ParseInt(text)) return *number;
  const int base = StartsWith(text, "0x") ? 16 : StartsWith(text, "0o") ? 8 : 0;
  char* end = nullptr;
  if (base != 0) {
    errno = 0;
    const unsigned long long value = std::strtoull(text.c_str() + 2, &end, base);
    if (errno == 0 && end != text.c_str() + 2 && *end == '\0') return value;
  }
  if (!IsNumber(text)) return text;
  const double value = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(value) ? Json(value) : Json(text);
}

class Reader {
 public:
  explicit Reader(yaml_parser_t& parser) : parser_(parser) {}

  Result<Json> Document() {
    TRY(event_.Next(parser_));  // the stream's beginning
    TRY(event_.Next(parser_));
    if (event_->type == YAML_STREAM_END_EVENT) return Json(nullptr);
    TRY(event_.Next(parser_));
    Json json = TRY(Node(0));
    TRY(event_.Next(parser_));  // the document's end
    TRY(event_.Next(parser_));
    if (event_->type != YAML_STREAM_END_EVENT) return At(event_->start_mark, "a second document");
    return json;
  }

 private:
  // Of the event that was read last.
  Result<Json> Node(size_t depth) {
    if (depth > kMaxDepth) return At(event_->start_mark, "more than " + std::to_string(kMaxDepth) + " levels");
    if (++nodes_ > kMaxNodes) return At(event_->start_mark, "more than a million values");
    switch (event_->type) {
      case YAML_SCALAR_EVENT: return Scalar();
      case YAML_SEQUENCE_START_EVENT: return Sequence(depth);
      case YAML_MAPPING_START_EVENT: return Mapping(depth);
      default: return At(event_->start_mark, "aliases are not supported");
    }
  }

  Json Scalar() const {
    const auto& scalar = event_->data.scalar;
    std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    return scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.plain_implicit != 0 ? Plain(text) : Json(std::move(text));
  }

  Result<Json> Sequence(size_t depth) {
    Json list = Json::array();
    for (;;) {
      TRY(event_.Next(parser_));
      if (event_->type == YAML_SEQUENCE_END_EVENT) return list;
      list.push_back(TRY(Node(depth + 1)));
    }
  }

  Result<Json> Mapping(size_t depth) {
    Json map = Json::object();
    for (;;) {
      TRY(event_.Next(parser_));
      if (event_->type == YAML_MAPPING_END_EVENT) return map;
      if (event_->type != YAML_SCALAR_EVENT) return At(event_->start_mark, "a key that is no text");
      const auto& scalar = event_->data.scalar;
      const std::string key(reinterpret_cast<const char*>(scalar.value), scalar.length);
      if (map.contains(key)) return At(event_->start_mark, "the key " + Quote(key) + " is there twice");
      TRY(event_.Next(parser_));
      map[key] = TRY(Node(depth + 1));
    }
  }

  yaml_parser_t& parser_;
  Event event_;
  size_t nodes_ = 0;
};

}  // namespace

Result<std::string> ToJson(std::string_view text) {
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) return Error(Code::kInternal, "no memory for the YAML parser");
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  Result<Json> json = Reader(parser).Document();
  yaml_parser_delete(&parser);
  if (!json.ok()) return std::move(json).error();
  return json->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::yaml
