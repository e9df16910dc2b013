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

// Pages in man(7) roff, one a command, a group and a topic: "ctool.1", "ctool-run.1".
std::vector<std::string> ManPageNames(const App& app);
std::string ManPage(const App& app, std::string_view page);  // "" when there is no such page
// Of a command's or a group's path, or of a topic.
std::string ManPageName(const App& app, std::string_view path);
std::string ManPageName(const App& app, const Topic& topic);

// A topic's page without roff.
std::string TopicText(const Topic& topic);

// The words of `text` on lines of at most `width` bytes, one newline between lines.
std::string Wrap(std::string_view text, size_t width);

// The descriptions as one JSON document, for tests and tools; those of one command or group when
// `path` is not empty.
std::string DumpJson(const App& app, std::string_view path = {});

}  // namespace ctool::cli
