// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/parser.hpp"

namespace ctool::cli {

struct Candidate {
  std::string text;
  std::string description = {};
  bool rare = false;  // ids: offered to who has begun to type one
};

// A page of the manual that is no command's. `prose` as Command's, and besides: "# Heading", and
// "TERM :: text" for an entry of a list.
struct Topic {
  std::string_view name;     // "rootless", as `help` takes it; the page is PROGRAM-NAME
  std::string_view section;  // "5", "7"
  std::string_view summary;
  std::string_view prose;
};

// The program: its command table and its global options, which are bound to one options object
// for the life of the App.
struct App {
  std::string_view name;     // "ctool", or what the program was called as
  std::string_view version;  // "1.2.3"
  std::string_view commit = {};  // shown by --version
  std::string_view date;     // of that version, for the man pages: "2026-01-31"
  std::string_view summary;
  std::string_view prose = {};
  std::span<const Entry> entries;
  std::span<const Group> groups;
  std::vector<Option> globals;  // their defaults are shown by Option::def alone
  std::vector<Example> examples = {};
  std::vector<ExitCode> exits = {};
  std::span<const Topic> topics = {};
  // Names for shell completion: must be quick, offline, and empty rather than wrong. Called after
  // the global options of the words so far are stored.
  std::function<std::vector<Candidate>(Complete)> candidates = {};
};

// What is to be done for one command line: run `command`, or, without one, print `out` and `err`
// and end with `status`.
struct Plan {
  std::optional<Runnable> command;
  std::string out, err;
  int status = 0;
  std::string page = {};  // `out` as a manual page in roff, for who reads it at a terminal
};

// A usage error, and cobra's status for it.
inline constexpr int kUsageStatus = 125;

// `args` is the command line without the program's name. Finds the command, parses its options
// into a fresh options object and the global ones into App::globals. Help, --version, `help`,
// `completion SHELL` and the hidden __complete, __man and __parse (a dry run of the parser) are
// answered here, in Plan::out.
Plan Dispatch(const App& app, Args args);

// Every command, described: what the renderers of all pages walk over. Not for the fast path.
std::vector<Runnable> AllCommands(const App& app);

// Lookups in the command table. A path is words with one space between.
const Entry* FindEntry(const App& app, std::string_view path);  // by path or alias
bool IsGroup(const App& app, std::string_view path);
// The last words of what stands directly below `path` ("" is the program), and what makes them.
// A command that has several names below one group is listed once.
struct Child {
  std::string_view word;
  const Entry* entry = nullptr;  // or
  const Group* group = nullptr;
};
std::vector<Child> Children(const App& app, std::string_view path);
// The description of a command that was called as `path`.
Runnable Make(const Entry& entry, std::string_view path);

// Entries for the table, so that both are listed and documented like any other command.
Runnable HelpCommand();
Runnable CompletionCommand();

}  // namespace ctool::cli
