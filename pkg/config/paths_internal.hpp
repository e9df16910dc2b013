// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::config {

// The value, or empty.
std::string Env(const char* name);
// Env, but only an absolute path counts.
std::string EnvPath(const char* name);

Result<std::string> FindHome();

// True for a directory of ours that nobody else can write to.
bool IsOwnDirectory(const std::string& path);

// ~/.config/containers, /etc/containers, /usr/share/containers.
Result<std::vector<std::string>> ConfigFolders();

// A configuration file's text: a regular file (or /dev/null) of at most 4 MiB. Never blocks.
Result<std::string> ReadConfigText(const std::string& path);

}  // namespace ctool::config
