// SPDX-License-Identifier: Apache-2.0
#include "engine/exec.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "sys/file.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

struct ExecCommandOptions {
  engine::ExecOptions exec;
  std::vector<std::string> words;
  std::string cidfile;
  bool latest = false, no_session = false;
  PreserveOptions preserve;
};

cli::Command Describe(ExecCommandOptions& o) {
  cli::Command c;
  c.summary = "Run a command in a running container";
  c.prose =
      "Runs COMMAND in CONTAINER beside what runs there: in its namespaces, with its file system, environment, limits and filter. Options for "
      "ctool come before CONTAINER; what follows it belongs to the command. The exit status is the command's.";
  c.usage = "CONTAINER COMMAND [ARG...]";
  c.options.push_back({.name = "interactive", .short_name = 'i', .help = "Pass stdin on", .sink = &o.exec.interactive});
  c.options.push_back({.name = "tty", .short_name = 't', .help = "Give the command a terminal", .sink = &o.exec.tty});
  c.options.push_back({.name = "detach", .short_name = 'd', .help = "Run in the background and print the session's id", .sink = &o.exec.detach});
  c.options.push_back({.name = "env", .short_name = 'e', .value = "NAME=value", .help = "Set a variable; NAME alone takes the caller's value", .sink = &o.exec.env});
  c.options.push_back({.name = "env-file", .value = "file", .help = "Read variables from a file, one NAME=value a line", .sink = &o.exec.env_file, .complete = cli::Complete::kFiles});
  c.options.push_back({.name = "user", .short_name = 'u', .value = "name[:group]", .help = "Be this user of the container", .sink = &o.exec.user, .words = words::kUsers});
  c.options.push_back({.name = "workdir", .short_name = 'w', .value = "dir", .help = "Start in this folder", .sink = &o.exec.working_dir});
  c.options.push_back({.name = "privileged", .help = "Give the command every capability that the container's user namespace has", .sink = &o.exec.privileged});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Take the container that was created last", .sink = &o.latest});
  c.options.push_back({.name = "cidfile", .value = "file", .help = "Read the container's id from this file", .sink = &o.cidfile, .complete = cli::Complete::kFiles});
  c.options.push_back({.name = "detach-keys", .value = "keys", .help = "Keys that detach from a terminal; empty switches them off", .sink = &o.exec.detach_keys});
  AddPreserveOptions(c.options, o.preserve);
  c.options.push_back({.name = "no-session", .help = "Accepted for podman's sake: a session costs nothing here", .sink = &o.no_session, .hidden = true});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.words, .complete = cli::Complete::kActiveContainers}};
  c.stop_at_first_positional = true;
  c.examples = {{"exec web cat /etc/os-release", "One command"}, {"exec -it web sh", "A shell beside it"}, {"exec -u 1000 -w /tmp web id", "As another user, elsewhere"}};
  c.exits = {{"125", "ctool itself failed"}, {"126", "the command exists but can't be executed"}, {"127", "there is no such command"}, {"255", "the container does not run"}, {"n", "the command's own exit status"}};
  return c;
}

Result<int> Run(Context& context, const ExecCommandOptions& given) {
  ExecCommandOptions o = given;
  std::string container;
  if (o.latest) {
    container = TRY(engine::LatestContainer(context.engine)).id;
  } else if (!o.cidfile.empty()) {
    container = std::string(Trim(TRY_CTX("reading CIDFile", sys::ReadFile(o.cidfile))));
  } else {
    if (o.words.empty()) return Error(Code::kInvalidArgument, "exec requires the name or ID of a container or the --latest or --cidfile flag");
    container = o.words.front();
    o.words.erase(o.words.begin());
  }
  o.exec.command = o.words;
  o.exec.preserved = TRY(Preserved(o.preserve));
  if (o.exec.tty && o.exec.interactive && !o.exec.detach && ::isatty(STDIN_FILENO) == 0)
    Warn("The input device is not a TTY. The --tty and --interactive flags might not work properly");
  const engine::StartOutcome outcome = TRY(engine::Exec(context.engine, container, o.exec, [&](const std::string& session) {
    if (o.exec.detach) PrintLine(context, session);
  }));
  return outcome.detached ? 0 : outcome.exit_code;
}

}  // namespace

cli::Runnable ExecCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
