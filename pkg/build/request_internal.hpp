// SPDX-License-Identifier: Apache-2.0
//
// One instruction on its way from text to meaning; inside of this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "build/ast.hpp"
#include "build/line.hpp"
#include "build/source_internal.hpp"

namespace ctool::build {

// "--name=value" in front of the arguments; quotes and escapes are gone.
struct Flag {
  std::string name;
  std::optional<std::string> value;
  size_t offset = 0;
};

struct Request {
  Source& source;
  const Line& line;
  std::string_view keyword;  // as written; part of line.text(), as are the next
  std::string name;          // in upper case
  std::string_view arguments;  // behind the flags, without blanks around
  std::vector<Flag> flags;
  std::vector<Heredoc> heredocs;
  std::vector<std::string_view> heredoc_words;  // "<<EOF", where each heredoc is asked for

  char escape() const { return source.directives().escape; }
  size_t OffsetOf(std::string_view part) const {
    return static_cast<size_t>(part.data() - line.text().data());
  }
  Location Where(std::string_view part) const { return line.At(OffsetOf(part)); }
  // An error at `part` of the line.
  Error Fail(std::string_view part, std::string message, std::string expected = {}) const {
    return source.Fail(Where(part), std::move(message), std::move(expected));
  }
  Error FailAt(size_t offset, std::string message, std::string expected = {}) const {
    return source.Fail(line.At(offset), std::move(message), std::move(expected));
  }
  void Warn(std::string_view rule, std::string_view part, std::string message) const {
    source.Warn(rule, Where(part), std::move(message));
  }
};

// Splits `text`, a part of `line`, into keyword, flags and arguments.
Result<Request> SplitInstruction(Source& source, const Line& line, std::string_view text);

// Reads the bodies of the heredocs that the instruction asks for from the lines below it.
Status ReadHeredocs(Request& request);

}  // namespace ctool::build
