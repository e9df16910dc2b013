// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"
#include "ctool/globals.hpp"

int main(int argc, char** argv) {
  ctool::Globals globals;
  const ctool::cli::App app = ctool::MakeApp(globals, ctool::ImageEntries(), {});
  return ctool::RunApp(app, globals, argc, argv, "images");
}
