// SPDX-License-Identifier: Apache-2.0
#include "engine/unshare.hpp"

#include "ctool/container/files.hpp"
#include "ctool/context.hpp"

namespace ctool {
namespace {

struct UnshareOptions {
  std::vector<std::string> command;
  bool rootless_netns = false;
};

cli::Command Describe(UnshareOptions& o) {
  cli::Command c;
  c.summary = "Run a program as the root of the containers' user namespace";
  c.prose =
      "Runs COMMAND, a program of the host, or without one the shell, in the user namespace that containers have and in a mount "
      "namespace of its own. There the files of containers and volumes have the owners that containers see, and `ctool mount` works.";
  c.options = {{.name = "rootless-netns", .help = "Refused: there is no network namespace that containers share", .sink = &o.rootless_netns}};
  c.args = {{.name = "COMMAND", .min = 0, .max = cli::kUnlimited, .sink = &o.command, .complete = cli::Complete::kFiles}};
  c.usage = "[COMMAND [ARG...]]";
  c.stop_at_first_positional = true;
  c.examples = {{"unshare cat /proc/self/uid_map", "Show which ids are mapped"}, {"unshare rm -rf data", "Delete files of a container's users"}};
  c.exits = {{"125", "ctool itself failed"}, {"126", "COMMAND can't be executed"}, {"127", "there is no COMMAND"}, {"n", "the exit status of COMMAND"}};
  return c;
}

Result<int> Run(Context& context, const UnshareOptions& o) {
  if (o.rootless_netns)
    return Error(Code::kUnsupported, "--rootless-netns is not supported: containers share no network namespace");
  return engine::Unshare(context.engine, o.command);
}

}  // namespace

cli::Runnable UnshareCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
