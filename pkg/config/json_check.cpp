// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "config/document_internal.hpp"

namespace ctool::config {
namespace {

constexpr size_t kMaxDepth = 64;

// The library's events; false stops the parser, so `problem` is the first one. The parser tells a
// position only for syntax errors: other problems are named without one.
class Checker final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    problem = "the key " + Quote(name) + " is there twice";
    return false;
  }
  bool parse_error(std::size_t at, const std::string&,
                   const nlohmann::detail::exception&) override {
    position = at;
    problem = "invalid JSON";
    return false;
  }

  std::string problem;
  std::size_t position = 0;  // 1 for the first byte; 0: not known

 private:
  bool Enter() {
    keys_.emplace_back();
    if (keys_.size() <= kMaxDepth) return true;
    problem = "nested more than 64 levels deep";
    return false;
  }
  bool Leave() {
    keys_.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> keys_;
};

std::string Place(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position == 0 ? 0 : position - 1);
  const size_t line_start =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return std::to_string(std::count(before.begin(), before.end(), '\n') + 1) + ":" +
         std::to_string(before.size() - line_start + 1);
}

}  // namespace

Status CheckJson(std::string_view text, const std::string& file) {
  Checker checker;
  if (nlohmann::json::sax_parse(text, &checker)) return Ok();
  std::string place = file;
  if (checker.position != 0) place += ":" + Place(text, checker.position);
  return Error(Code::kCorrupt, place + ": " + checker.problem);
}

}  // namespace ctool::config
