// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace ctool::config {

// A user of the host by name or uid, as a line of passwd(5) with "*" for the password and /bin/sh for the shell.
// Nothing: there is none.
std::optional<std::string> HostUserLine(const std::string& name_or_uid);

}  // namespace ctool::config
