// SPDX-License-Identifier: Apache-2.0
//
// html, js and urlquery: Go's escapes.
#include <fmt/format.h>

#include "cli/gofmt.hpp"
#include "cli/gotext.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {
namespace {

// Several arguments are one text, as `print` has it.
std::string TextOf(std::span<const Value> args) {
  if (args.size() == 1 && args[0].kind() == Value::Kind::kString) return args[0].as_string();
  return Sprint(args);
}

}  // namespace

Result<Value> HtmlFunction(std::span<const Value> args) {
  std::string out;
  for (const char c : TextOf(args)) {
    switch (c) {
      case '\0': AppendRune(out, kRuneError); break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return Value(std::move(out));
}

Result<Value> JsFunction(std::span<const Value> args) {
  const std::string text = TextOf(args);
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    const uint32_t rune = NextRune(text, i);
    if (rune == '\\' || rune == '\'' || rune == '"') {
      out += '\\';
      out += static_cast<char>(rune);
    } else if (rune < ' ' || rune == '<' || rune == '>' || rune == '&' || rune == '=' || !IsPrint(rune)) {
      out += fmt::format("\\u{:04X}", rune);
    } else {
      out += text.substr(start, i - start);
    }
  }
  return Value(std::move(out));
}

Result<Value> UrlQueryFunction(std::span<const Value> args) {
  std::string out;
  for (const char c : TextOf(args)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) out += c;
    else if (c == ' ') out += '+';
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return Value(std::move(out));
}

}  // namespace ctool::cli
