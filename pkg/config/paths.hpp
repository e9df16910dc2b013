// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::config {

// Where things are, decided once at the start of a command (before any user namespace is entered:
// uid and HOME mean the invoking user's).
struct Paths {
  std::string home;
  std::string graph_root;  // --root, else $XDG_DATA_HOME/ctool, else ~/.local/share/ctool
  std::string run_root;    // --runroot, else $XDG_RUNTIME_DIR/ctool, else /run/user/UID/ctool, else
                           // /tmp/ctool-UID (0700, ours, checked)
  std::string config_home;  // ~/.config
  std::string libexec;      // where ctool-monitor and ctool-images are: next to the binary's
                            // ../libexec/ctool, or the build tree's
};
// `root` and `runroot` from the command line, may be empty. Creates nothing.
// XDG_RUNTIME_DIR counts only when it is a directory of ours.
Result<Paths> FindPaths(const std::string& root, const std::string& runroot);

// First of ~/.config/containers/NAME, /etc/containers/NAME, /usr/share/containers/NAME that exists
// (empty: none), then the files of NAME.d in all three, merged by basename and sorted.
std::vector<std::string> ConfigFiles(const Paths& paths, const std::string& name);

}  // namespace ctool::config
