// SPDX-License-Identifier: Apache-2.0
//
// "<<NAME" in RUN, COPY and ADD: which words ask for a heredoc, and the lines that belong to it.
#include <optional>

#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/exec_form_internal.hpp"
#include "build/limits.hpp"
#include "build/request_internal.hpp"
#include "build/words_internal.hpp"

namespace ctool::build {
namespace {

// A shell reads heredocs, so its escape character counts, not that of the directive.
constexpr char kShellEscape = '\\';

struct Operator {
  int descriptor = 0;
  bool strip_tabs = false;
  std::string_view name;  // as written; empty: the next word is the name
};

// [digits] "<<" ["-"] name, without another '<' in it.
std::optional<Operator> AsOperator(std::string_view word) {
  Operator found;
  size_t i = 0;
  while (i < word.size() && Digit(word[i])) ++i;
  if (i > 4 || word.substr(i, 2) != "<<") return std::nullopt;
  if (i > 0) found.descriptor = static_cast<int>(*ParseUint(word.substr(0, i)));
  found.name = word.substr(i + 2);
  found.strip_tabs = StartsWith(found.name, "-");
  if (found.strip_tabs) found.name.remove_prefix(1);
  if (found.name.find('<') != std::string_view::npos) return std::nullopt;
  return found;
}

// The name without quotes and escapes; a quote in it means that the content is taken literally.
void SetName(Heredoc& heredoc, std::string_view written) {
  char quote = 0;
  for (size_t i = 0; i < written.size(); ++i) {
    const char c = written[i];
    if (c == kShellEscape && quote != '\'' && i + 1 < written.size()) {
      heredoc.name += written[++i];
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      heredoc.expand = false;
    } else if (c == quote) {
      quote = 0;
    } else {
      heredoc.name += c;
    }
  }
}

// Whether `text` ends inside $(( )) or (( )), where << is a shift.
bool InArithmetic(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '(' && text[i + 1] == '(') {
      ++depth;
      ++i;
    } else if (text[i] == ')' && text[i + 1] == ')' && depth > 0) {
      --depth;
      ++i;
    }
  }
  return depth > 0;
}

Status FindOperators(Request& request) {
  const std::string_view text = request.arguments;
  if (text.find("<<") == std::string_view::npos || !QuotesClose(text, kShellEscape)) return Ok();
  if (ReadExecForm(text).kind != ExecForm::Kind::kNone) return Ok();
  const std::vector<std::string_view> words = ShellWords(text, kShellEscape);
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t begin = static_cast<size_t>(words[i].data() - text.data());
    auto found = AsOperator(words[i]);
    if (!found || InArithmetic(text.substr(0, begin))) continue;
    size_t end = begin + words[i].size();
    if (found->name.empty()) {
      if (i + 1 == words.size() || words[i + 1].find('<') != std::string_view::npos) continue;
      found->name = words[++i];
      end = static_cast<size_t>(found->name.data() - text.data()) + found->name.size();
    }
    Heredoc heredoc;
    heredoc.descriptor = found->descriptor;
    heredoc.strip_tabs = found->strip_tabs;
    heredoc.where = request.Where(text.substr(begin));
    SetName(heredoc, found->name);
    request.heredocs.push_back(std::move(heredoc));
    request.heredoc_words.push_back(text.substr(begin, end - begin));
    if (request.heredocs.size() > kMaxHeredocs)
      return request.Fail(text.substr(begin), "more than " + std::to_string(kMaxHeredocs) + " heredocs");
  }
  return Ok();
}

std::string_view WithoutLineEnd(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

Status ReadBody(Source& source, Heredoc& heredoc) {
  while (const auto raw = source.NextRaw()) {
    std::string_view line = *raw;
    while (heredoc.strip_tabs && StartsWith(line, "\t")) line.remove_prefix(1);
    if (WithoutLineEnd(line) == heredoc.name) return Ok();
    if (heredoc.content.size() + line.size() > kMaxHeredocBytes)
      return source.Fail(heredoc.where,
                         "heredoc larger than " + std::to_string(kMaxHeredocBytes >> 20) + " MiB",
                         "put large files into the build context and COPY them");
    heredoc.content += line;
  }
  return source.Fail(heredoc.where, "unterminated heredoc",
                     "end it with a line that is " + Quote(heredoc.name) + " and nothing else");
}

}  // namespace

Status ReadHeredocs(Request& request) {
  TRY(FindOperators(request));
  for (Heredoc& heredoc : request.heredocs) TRY(ReadBody(request.source, heredoc));
  return Ok();
}

}  // namespace ctool::build
