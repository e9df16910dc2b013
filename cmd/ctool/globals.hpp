// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/dispatch.hpp"

namespace ctool {

// Of the sources that this was built from; "" where nobody knows. Made by the build (cmd/commit.cmake).
extern const char* const kCtoolCommit;

// Options in front of (or behind) every command.
struct Globals {
  std::string root, run_root, log_level = "warn", out;
  std::string error_format = "text";
  bool no_out = false, debug = false, profile = false;
  // Accepted so that podman's command lines work; they choose what ctool does not have.
  std::string storage_driver, cgroup_manager, runtime, tmpdir, config, events_backend, conmon, context, host;
  std::vector<std::string> storage_opt, runtime_flag, hooks_dir, module;
};

std::vector<cli::Option> DescribeGlobals(Globals& globals);
// Puts the log level into effect; kInvalidArgument for one that does not exist.
Status ApplyGlobals(const Globals& globals);

// The whole program, as `name`, with the commands of `entries`.
cli::App MakeApp(Globals& globals, std::span<const cli::Entry> entries, std::span<const cli::Group> groups);

// argv to exit status. `source`: the program's name in debug messages and profiles.
int RunApp(const cli::App& app, const Globals& globals, int argc, char** argv, const char* source);

}  // namespace ctool
