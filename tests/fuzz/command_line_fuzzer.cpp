// SPDX-License-Identifier: Apache-2.0
//
// The program's command line, a word a line: every command's options as they are. Parsing has no effect but on
// the options object, and shell completion none at all.
#include <vector>

#include "ctool/command_table.hpp"
#include "ctool/globals.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string_view> words;
  for (std::string_view rest = Text(data, size); !rest.empty();) words.push_back(Cut(rest, '\n'));
  ctool::Globals globals;
  const ctool::cli::App app = ctool::MakeApp(globals, ctool::Entries(), ctool::Groups());
  const ctool::cli::Plan plan = ctool::cli::Dispatch(app, words);
  if (!plan.command && plan.status != 0) CHECK(!plan.err.empty());
  static_cast<void>(ctool::ApplyGlobals(globals).ok());
  return 0;
}
