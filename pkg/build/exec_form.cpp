// SPDX-License-Identifier: Apache-2.0
#include "build/exec_form_internal.hpp"

#include <nlohmann/json.hpp>

#include "build/characters_internal.hpp"
#include "build/limits.hpp"

namespace ctool::build {
namespace {

// The index behind the bracket that closes the array at the front of `text`, or 0.
size_t ArrayEnd(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kMaxJsonDepth) return 0;
    if (depth == 0) return i + 1;
  }
  return 0;
}

}  // namespace

ExecForm ReadExecForm(std::string_view text) {
  ExecForm form;
  if (text.empty() || text.front() != '[') return form;
  const size_t end = ArrayEnd(text);
  if (end == 0) return form;
  const std::string_view array = text.substr(0, end);
  const nlohmann::json value = nlohmann::json::parse(array.begin(), array.end(), nullptr, false);
  if (!value.is_array()) return form;
  form.kind = ExecForm::Kind::kStrings;
  form.end = end;
  for (const nlohmann::json& word : value) {
    if (word.is_string()) {
      form.words.push_back(word.get<std::string>());
    } else {
      form.kind = ExecForm::Kind::kNotStrings;
    }
  }
  return form;
}

}  // namespace ctool::build
