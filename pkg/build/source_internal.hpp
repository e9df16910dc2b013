// SPDX-License-Identifier: Apache-2.0
//
// The lowest layer of the language: physical lines, directives, comments, continuation.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "build/diagnostic.hpp"
#include "build/line.hpp"

namespace ctool::build {

struct Directives {
  char escape = '\\';
  std::string syntax;              // as written; what it names is not fetched
  std::vector<std::string> skipped;  // "# check=skip=A,B": warnings that are not wanted
  bool warnings_are_errors = false;  // "# check=error=true"
};

// The file while it is read. Errors carry their place; the newest is kept for `diagnostic`.
class Source {
 public:
  Source(std::string_view file, std::string_view text);

  // Splits the lines, reads the directives. To be called first, once.
  Status Open();
  // The next instruction's text, or nothing at the end of the file.
  Result<std::optional<Line>> Next();
  // The next physical line with its line end, for a heredoc's body; nothing at the end of the file.
  std::optional<std::string_view> NextRaw();
  int last_line() const { return static_cast<int>(next_); }  // number of the line read last

  const Directives& directives() const { return directives_; }
  Error Fail(Location where, std::string message, std::string expected = {});
  void Warn(std::string_view rule, Location where, std::string message);
  const Diagnostic& diagnostic() const { return diagnostic_; }
  std::vector<Warning> TakeWarnings();

 private:
  Status SplitLines(std::string_view text);
  Status ReadDirectives();
  Status ReadDirective(std::string_view name, std::string_view value, Location where);
  Status ReadCheck(std::string_view value, Location where);

  std::string_view text_;
  std::vector<std::string_view> lines_;  // with their line ends
  size_t next_ = 0;
  Directives directives_;
  Diagnostic diagnostic_;
  std::vector<Warning> warnings_;
};

}  // namespace ctool::build
