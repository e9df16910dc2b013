// SPDX-License-Identifier: Apache-2.0
#include "ctool/command_table.hpp"
#include "ctool/globals.hpp"

int main(int argc, char** argv) {
  ctool::Globals globals;
  const ctool::cli::App app = ctool::MakeApp(globals, ctool::Entries(), ctool::Groups());
  return ctool::RunApp(app, globals, argc, argv);
}
