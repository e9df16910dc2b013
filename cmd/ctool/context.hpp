// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.hpp"

namespace ctool {

// What every command is given.
struct Context {
  engine::Engine& engine;
  std::vector<std::string> argv;  // the whole command line, for inspect's CreateCommand
  bool no_out = false;            // --noout
  std::string out_file;           // --out
};

// Data for stdout: a line, or (PrintRaw) bytes as they are. --noout silences it, --out copies it.
// False: nobody reads any more, which matters to who prints for ever.
void PrintLine(const Context& context, std::string_view line);
bool PrintRaw(const Context& context, std::string_view bytes);

// A manual page in roff, by man(1) at the terminal; false when there is neither, and nothing shown.
bool ShowPage(const Context& context, std::string_view page);

// "Error: ..." and the hint, on stderr.
void PrintError(const Error& error);

// Several arguments: goes on after a failure; every error but the last is printed as it comes, the
// last one decides the exit status.
class Several {
 public:
  void Add(Status status);
  Result<int> Finish();

 private:
  std::optional<Error> last_;
};

}  // namespace ctool
