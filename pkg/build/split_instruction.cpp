// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/request_internal.hpp"

namespace ctool::build {
namespace {

std::string ToUpper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return upper;
}

// One word of flags with quotes and escapes taken out; `at` ends behind it.
std::string TakeFlagWord(std::string_view text, size_t& at, char escape) {
  std::string word;
  char quote = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == 0 && Blank(c)) break;
    if (c == escape) {
      if (++at == text.size()) break;
      word += text[at];
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else {
      word += c;
    }
  }
  return word;
}

// Moves the words that begin with "--" from `arguments` to `flags`. "--" alone ends them and is
// itself an argument.
void TakeFlags(Request& request) {
  std::string_view& rest = request.arguments;
  while (StartsWith(rest, "--")) {
    size_t end = 0;
    const std::string word = TakeFlagWord(rest, end, request.escape());
    if (word == "--") return;
    Flag flag;
    flag.offset = request.OffsetOf(rest);
    const size_t equals = word.find('=');
    flag.name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (equals != std::string::npos) flag.value = word.substr(equals + 1);
    request.flags.push_back(std::move(flag));
    rest.remove_prefix(end);
    while (!rest.empty() && Blank(rest.front())) rest.remove_prefix(1);
  }
}

}  // namespace

Result<Request> SplitInstruction(Source& source, const Line& line, std::string_view text) {
  text = Trim(text);
  size_t end = 0;
  while (end < text.size() && !Blank(text[end])) ++end;
  Request request{source, line, text.substr(0, end), ToUpper(text.substr(0, end)), {}, {}, {}, {}};
  while (end < text.size() && Blank(text[end])) ++end;
  request.arguments = text.substr(end);
  TakeFlags(request);
  return request;
}

}  // namespace ctool::build
