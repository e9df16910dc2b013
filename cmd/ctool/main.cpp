// SPDX-License-Identifier: Apache-2.0
#include "ctool/candidates.hpp"
#include "ctool/command_table.hpp"
#include "ctool/globals.hpp"
#include "ctool/topics/topics.hpp"

int main(int argc, char** argv) {
  ctool::Globals globals;
  ctool::cli::App app = ctool::MakeApp(globals, ctool::Entries(), ctool::Groups());
  app.topics = ctool::Topics();
  app.candidates = [&](ctool::cli::Complete what) { return ctool::Candidates(globals, what); };
  return ctool::RunApp(app, globals, argc, argv, "ctool");
}
