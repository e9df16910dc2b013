// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::config {

// Where things are, decided once at the start of a command (before any user namespace is entered:
// uid and HOME mean the invoking user's). Every path is absolute.
struct Paths {
  std::string home;
  std::string graph_root;  // --root, else $XDG_DATA_HOME/ctool, else ~/.local/share/ctool
  std::string run_root;    // --runroot, else $XDG_RUNTIME_DIR/ctool, else /run/user/UID/ctool, else
                           // /tmp/ctool-UID (0700, ours, checked)
  std::string config_home;  // $XDG_CONFIG_HOME, else ~/.config
  std::string libexec;      // where ctool-monitor and ctool-images are: next to the binary's
                            // ../libexec/ctool, or the build tree's
};
// `root` and `runroot` from the command line, may be empty. Creates nothing.
// XDG_RUNTIME_DIR counts only when it is a directory of ours that nobody else can write to; an XDG
// variable with a relative path is ignored, as its specification says.
// kInvalidArgument: no usable home, "/" as a root, one folder for both roots. kPermission: the
// fallback in /tmp was made by somebody else.
Result<Paths> FindPaths(const std::string& root, const std::string& runroot);

// First of ~/.config/containers/NAME, /etc/containers/NAME, /usr/share/containers/NAME that exists,
// then the files of NAME.d in all three (for root and others also X.rootful.conf.d or
// X.rootless.conf.d[/UID] below /etc and /usr/share), sorted by basename; of two with the same
// basename the one of the higher folder. Empty: there is none.
std::vector<std::string> ConfigFiles(const Paths& paths, const std::string& name);

// The same in other folders, the user's first.
std::vector<std::string> ConfigFilesIn(const std::vector<std::string>& folders,
                                       const std::string& name, uid_t uid);

}  // namespace ctool::config
