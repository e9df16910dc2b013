// SPDX-License-Identifier: Apache-2.0
#include "cli/yaml.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"
#include "cli/json.hpp"

namespace ctool::cli {
namespace {

// A plain scalar that is a text and nothing else for YAML 1.1 and 1.2: it begins with a letter, a
// slash or an underscore, or is all digits and dashes with a letter among them, and holds no mark.
bool IsPlain(std::string_view text) {
  constexpr std::array<std::string_view, 11> kWords = {"true", "false", "yes", "no", "on", "off",
                                                       "null", "y",     "n",   "~",  ""};
  if (std::find(kWords.begin(), kWords.end(), ToLower(text)) != kWords.end()) return false;
  const auto first = static_cast<unsigned char>(text[0]);
  if (std::isalpha(first) == 0 && first != '/' && first != '_') return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c >= 0x7F) return false;
    if (c == ':' && text[i + 1] == ' ') return false;
    if (c == '#' && text[i - 1] == ' ') return false;
  }
  return true;
}

std::string Key(std::string_view name) {
  return IsPlain(name) ? std::string(name) : ToJson(Value(name));
}

class Writer {
 public:
  // Behind "key:" or "-": a scalar on the same line, or lines of their own.
  void Write(const Value& v, size_t level) {
    if (v.kind() == Value::Kind::kList && !v.items().empty()) {
      out_ += '\n';
      for (const Value& item : v.items()) Item(item, level);
    } else if (HasFields(v)) {
      out_ += '\n';
      Fields(v, level);
    } else {
      out_ += ' ';
      out_ += Scalar(v);
      out_ += '\n';
    }
  }

  void Top(const Value& v) {
    if (HasFields(v)) Fields(v, 0);
    else if (v.kind() == Value::Kind::kList && !v.items().empty())
      for (const Value& item : v.items()) Item(item, 0);
    else out_ += Scalar(v) + "\n";
  }
  std::string Take() { return std::move(out_); }

 private:
  static bool Shown(const Value::Field& f) {
    return !f.skip &&
           !(f.omit_empty && f.value->kind() != Value::Kind::kStruct && !f.value->Truth());
  }
  static bool HasFields(const Value& v) {
    if (v.kind() != Value::Kind::kMap && v.kind() != Value::Kind::kStruct) return false;
    return std::any_of(v.fields().begin(), v.fields().end(), Shown);
  }

  // What fits on the line: JSON's texts of empty collections, numbers and quoted texts are YAML's.
  static std::string Scalar(const Value& v) {
    if (v.kind() == Value::Kind::kString && IsPlain(v.as_string())) return v.as_string();
    return ToJson(v);
  }

  void Fields(const Value& v, size_t level, bool first_is_indented = false) {
    for (const Value::Field& f : v.fields()) {
      if (!Shown(f)) continue;
      if (!first_is_indented) out_.append(level * 2, ' ');
      first_is_indented = false;
      out_ += Key(f.json_name) + ":";
      // A list stands as far left as its key.
      Write(*f.value, f.value->kind() == Value::Kind::kList ? level : level + 1);
    }
  }

  void Item(const Value& item, size_t level) {
    out_.append(level * 2, ' ');
    out_ += "-";
    if (HasFields(item)) {
      out_ += ' ';
      Fields(item, level + 1, true);
    } else {
      Write(item, level + 1);
    }
  }

  std::string out_;
};

}  // namespace

std::string ToYaml(const Value& value) {
  Writer writer;
  writer.Top(value);
  return writer.Take();
}

}  // namespace ctool::cli
