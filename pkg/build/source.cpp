// SPDX-License-Identifier: Apache-2.0
#include "build/source_internal.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/limits.hpp"

namespace ctool::build {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view WithoutLineEnd(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

size_t LeadingBlanks(std::string_view line) {
  size_t n = 0;
  while (n < line.size() && Blank(line[n])) ++n;
  return n;
}

// Where the escape character stands that continues this line: at its end but for blanks, and not
// itself escaped.
std::optional<size_t> ContinuationMark(std::string_view line, char escape) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  if (line.empty() || line.back() != escape) return std::nullopt;
  const size_t at = line.size() - 1;
  if (at > 0 && line[at - 1] == escape) return std::nullopt;
  return at;
}

struct Assignment {
  std::string name;
  std::string_view value;
};

// "# name = value", the form of a directive.
std::optional<Assignment> AsDirective(std::string_view line) {
  line = Trim(line);
  if (line.empty() || line.front() != '#') return std::nullopt;
  line = Trim(line.substr(1));
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = Trim(line.substr(0, equals));
  const std::string_view value = Trim(line.substr(equals + 1));
  if (name.empty() || value.empty() || !Letter(name.front()) ||
      !std::all_of(name.begin(), name.end(), [](char c) { return Letter(c) || Digit(c); }))
    return std::nullopt;
  return Assignment{ToLower(name), value};
}

}  // namespace

Source::Source(std::string_view file, std::string_view text) : text_(text) {
  diagnostic_.file = file;
}

Status Source::Open() {
  TRY(SplitLines(text_));
  return ReadDirectives();
}

Status Source::SplitLines(std::string_view text) {
  if (text.size() > kMaxFileBytes)
    return Fail({}, "larger than " + std::to_string(kMaxFileBytes >> 20) + " MiB",
                "put large files into the build context and COPY them");
  if (StartsWith(text, kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines_.push_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
    text.remove_prefix(lines_.back().size());
    const int number = static_cast<int>(lines_.size());
    if (lines_.back().size() > kMaxLineBytes)
      return Fail({number, 1}, "line longer than " + std::to_string(kMaxLineBytes) + " bytes",
                  "break it with a continuation line");
    const size_t nul = lines_.back().find('\0');
    if (nul != std::string_view::npos)
      return Fail({number, static_cast<int>(nul) + 1}, "NUL byte: this is not a text file");
  }
  return Ok();
}

Status Source::ReadDirectives() {
  std::vector<std::string> seen;
  for (; next_ < lines_.size(); ++next_) {
    const auto directive = AsDirective(WithoutLineEnd(lines_[next_]));
    if (!directive) break;
    const std::string& name = directive->name;
    if (name != "escape" && name != "syntax" && name != "check") break;
    const Location where{static_cast<int>(next_) + 1, 1};
    if (std::find(seen.begin(), seen.end(), name) != seen.end())
      return Fail(where, "only one " + name + " parser directive can be used");
    seen.push_back(name);
    const Location value{where.line,
                         static_cast<int>(directive->value.data() - lines_[next_].data()) + 1};
    TRY(ReadDirective(name, directive->value, value));
  }
  return Ok();
}

Status Source::ReadDirective(std::string_view name, std::string_view value, Location where) {
  if (name == "syntax") {
    directives_.syntax = value;
    return Ok();
  }
  if (name == "check") return ReadCheck(value, where);
  if (value != "\\" && value != "`")
    return Fail(where, "invalid escape character " + Quote(value), "use \\ or `");
  directives_.escape = value.front();
  return Ok();
}

// skip=A,B;error=true
Status Source::ReadCheck(std::string_view value, Location where) {
  for (const std::string& option : Split(value, ';')) {
    const size_t equals = option.find('=');
    const std::string key(Trim(std::string_view(option).substr(0, equals)));
    const std::string_view setting =
        equals == std::string::npos ? "" : Trim(std::string_view(option).substr(equals + 1));
    if (key == "skip") {
      for (const std::string& rule : Split(setting, ','))
        directives_.skipped.emplace_back(Trim(rule));
    } else if (key == "error" && (setting == "true" || setting == "false")) {
      directives_.warnings_are_errors = setting == "true";
    } else {
      return Fail(where, "invalid check option " + Quote(option),
                  "use skip=RULE,..., skip=all or error=true, separated by semicolons");
    }
  }
  return Ok();
}

Result<std::optional<Line>> Source::Next() {
  Line line;
  bool continued = false;
  bool empty_lines = false;
  while (next_ < lines_.size()) {
    std::string_view text = WithoutLineEnd(lines_[next_]);
    ++next_;
    const size_t blanks = LeadingBlanks(text);
    if (blanks < text.size() && text[blanks] == '#') continue;
    if (blanks == text.size()) {
      empty_lines |= continued;
      continue;
    }
    const size_t begin = continued ? 0 : blanks;
    const auto mark = ContinuationMark(text.substr(begin), directives_.escape);
    text = text.substr(begin, mark.value_or(std::string_view::npos));
    const int number = static_cast<int>(next_);
    line.Append(text, {number, static_cast<int>(begin) + 1});
    if (line.text().size() > kMaxInstructionBytes)
      return Fail({line.first_line(), 1},
                  "instruction longer than " + std::to_string(kMaxInstructionBytes >> 20) + " MiB");
    continued = mark.has_value();
    if (!continued) break;
  }
  if (empty_lines)
    Warn("NoEmptyContinuation", line.At(0), "empty line inside an instruction that goes on below it");
  // A file can end with a continuation of nothing.
  if (Trim(line.text()).empty()) return std::optional<Line>();
  return std::optional<Line>(std::move(line));
}

std::optional<std::string_view> Source::NextRaw() {
  if (next_ == lines_.size()) return std::nullopt;
  return lines_[next_++];
}

Error Source::Fail(Location where, std::string message, std::string expected) {
  diagnostic_.where = where;
  diagnostic_.message = std::move(message);
  diagnostic_.expected = std::move(expected);
  const bool shown = where.line > 0 && static_cast<size_t>(where.line) <= lines_.size();
  diagnostic_.source = shown ? WithoutLineEnd(lines_[static_cast<size_t>(where.line) - 1]) : "";
  return diagnostic_.ToError();
}

void Source::Warn(std::string_view rule, Location where, std::string message) {
  const auto skipped = [&](const std::string& name) { return name == "all" || name == rule; };
  if (std::any_of(directives_.skipped.begin(), directives_.skipped.end(), skipped)) return;
  if (warnings_.size() < kMaxWarnings)
    warnings_.push_back({std::string(rule), where, std::move(message)});
}

std::vector<Warning> Source::TakeWarnings() {
  std::stable_sort(warnings_.begin(), warnings_.end(), [](const Warning& a, const Warning& b) {
    return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
  });
  return std::move(warnings_);
}

}  // namespace ctool::build
