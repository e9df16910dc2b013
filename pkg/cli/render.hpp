// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/dispatch.hpp"

namespace ctool::cli {

// `ctool run --help`, laid out as podman's.
std::string CommandHelp(const App& app, const Command& command);
// `ctool --help` (path "") and `ctool image --help`.
std::string GroupHelp(const App& app, std::string_view path);

// "ctool run [options] IMAGE [COMMAND [ARG...]]"
std::string UsageLine(const App& app, const Command& command);

// Section 1 pages in man(7) roff, one a command and one a group: "ctool", "ctool-run".
std::vector<std::string> ManPageNames(const App& app);
std::string ManPage(const App& app, std::string_view page);  // "" when there is no such page

// The words of `text` on lines of at most `width` bytes, one newline between lines.
std::string Wrap(std::string_view text, size_t width);

// All of the descriptions as one JSON array, for tests and tools.
std::string DumpJson(const App& app);

}  // namespace ctool::cli
