// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct RunOptions {
  engine::CreateOptions create;
  bool detach = false;
  std::vector<std::string> attach;
  bool sig_proxy = true;
  std::string detach_keys = "ctrl-p,ctrl-q";
  PreserveOptions preserve;
};

cli::Command Describe(RunOptions& o) {
  cli::Command c;
  c.summary = "Run a command in a new container";
  c.prose =
      "Makes a container from IMAGE and runs COMMAND, or what the image says, in it. The image is fetched from its registry if it is "
      "not there yet; it may also be in an archive or folder, as oci-archive:PATH, docker-archive:PATH, oci:PATH or dir:PATH. "
      "Options for ctool come before IMAGE; what follows IMAGE belongs to the command.\n\n"
      "Without -d the container's output appears here, signals are passed on, and the exit status is the command's.";
  c.usage = "IMAGE [COMMAND [ARG...]]";
  AddCreateOptions(c.options, o.create);
  c.options.push_back({.name = "detach", .short_name = 'd', .help = "Run in the background and print the container's id", .sink = &o.detach});
  c.options.push_back({.name = "rmi", .help = "Remove the image too when the container has ended; includes --rm", .sink = &o.create.rmi});
  c.options.push_back({.name = "attach", .short_name = 'a', .value = "stream", .help = "Attach to stdin, stdout or stderr only", .sink = &o.attach, .values = {"stdin", "stdout", "stderr"}});
  c.options.push_back({.name = "sig-proxy", .help = "Pass signals on to the command", .sink = &o.sig_proxy});
  AddPreserveOptions(c.options, o.preserve);
  c.options.push_back({.name = "detach-keys", .value = "keys", .help = "Keys that detach from a terminal; empty switches them off", .sink = &o.detach_keys});
  c.args = {{.name = "IMAGE", .sink = &o.create.image, .complete = cli::Complete::kImages},
            {.name = "COMMAND", .min = 0, .max = cli::kUnlimited, .sink = &o.create.command}};
  c.stop_at_first_positional = true;
  c.examples = {{"run --rm alpine echo hello", "Run one command and remove the container"},
                {"run -it --rm alpine sh", "An interactive shell"},
                {"run -d --name web -p 8080:80 docker.io/library/nginx", "A server in the background"},
                {"run --rm --security-opt seccomp=record:web.json web", "Write a seccomp profile of what the command does; seccomp=web.json then allows that and no more"},
                {"run --rm --security-opt landlock=ro=/,rw=/tmp:/data web", "Nothing is written but below /tmp and /data, whoever tries"}};
  c.exits = {{"125", "ctool itself failed"}, {"126", "the command exists but can't be executed"}, {"127", "there is no such command"}, {"n", "the command's own exit status; 128+n when signal n killed it"}};
  return c;
}

Result<engine::AttachOptions> Attachment(const RunOptions& o) {
  engine::AttachOptions attach;
  attach.sig_proxy = o.sig_proxy;
  attach.detach_keys = o.detach_keys;
  if (o.detach && !o.attach.empty())
    return Error(Code::kInvalidArgument, "conflicting options: -a and -d cannot be set together");
  if (o.detach) return attach;
  for (const std::string& typed : o.attach) {
    const std::string stream = ToLower(typed);
    if (stream == "stdin") attach.attach_stdin = true;
    else if (stream == "stdout") attach.attach_stdout = true;
    else if (stream == "stderr") attach.attach_stderr = true;
    else return Error(Code::kInvalidArgument, "invalid stream " + Quote(typed) + " for --attach - must be one of stdin, stdout, or stderr: invalid argument");
  }
  if (o.attach.empty()) attach.attach_stdout = attach.attach_stderr = true;
  if (o.create.interactive) attach.attach_stdin = true;
  // stdin alone is nothing to wait for: the container runs on, and its id is printed.
  if (!attach.attach_stdout && !attach.attach_stderr) attach.attach_stdin = false;
  return attach;
}

// The streams go straight to the container: no stream can be chosen, and a terminal is asked for by name.
Status CheckPassthrough(const std::string& driver, const RunOptions& o) {
  if (driver != "passthrough" && driver != "passthrough-tty") return Ok();
  if (!o.attach.empty()) return Error(Code::kInvalidArgument, "cannot specify --attach with --log-driver=passthrough: invalid argument");
  const bool terminal = ::isatty(STDIN_FILENO) != 0 || ::isatty(STDOUT_FILENO) != 0 || ::isatty(STDERR_FILENO) != 0;
  if (driver == "passthrough" && terminal)
    return Error(Code::kInvalidArgument, "the '--log-driver passthrough' option cannot be used on a TTY").Hint("use --log-driver passthrough-tty");
  return Ok();
}

Result<int> Run(Context& context, const RunOptions& o) {
  const std::string driver = !o.create.log_driver.empty() ? o.create.log_driver : TRY(context.engine.Conf())->log_driver.value_or("");
  TRY(CheckPassthrough(driver, o));
  engine::CreateOptions create = o.create;
  create.preserved = TRY(Preserved(o.preserve));
  create.create_command = context.argv;
  const engine::AttachOptions attach = TRY(Attachment(o));
  if (create.tty && create.interactive && !o.detach && ::isatty(STDIN_FILENO) == 0)
    Warn("The input device is not a TTY. The --tty and --interactive flags might not work properly");
  const bool passes_streams = StartsWith(driver, "passthrough");
  const bool detached = !attach.attach_stdout && !attach.attach_stderr;
  const engine::StartOutcome outcome = TRY(engine::Run(context.engine, create, attach, [&](const std::string& id) {
    if (detached && !passes_streams) PrintLine(context, id);
  }));
  return outcome.detached ? 0 : outcome.exit_code;
}

struct CreateCommandOptions {
  engine::CreateOptions create;
  std::vector<std::string> attach;
};

cli::Command DescribeCreate(CreateCommandOptions& o) {
  cli::Command c;
  c.summary = "Create a container without starting it";
  c.prose = "Makes a container from IMAGE, as run does, and prints its id. Start it with ctool start.";
  c.usage = "IMAGE [COMMAND [ARG...]]";
  AddCreateOptions(c.options, o.create);
  c.options.push_back({.name = "attach", .short_name = 'a', .value = "stream", .help = "Accepted for podman's sake: start -a attaches", .sink = &o.attach, .hidden = true});
  c.args = {{.name = "IMAGE", .sink = &o.create.image, .complete = cli::Complete::kImages},
            {.name = "COMMAND", .min = 0, .max = cli::kUnlimited, .sink = &o.create.command}};
  c.stop_at_first_positional = true;
  c.examples = {{"create --name web docker.io/library/nginx", "A container for later"}};
  return c;
}

Result<int> RunCreate(Context& context, const CreateCommandOptions& o) {
  engine::CreateOptions create = o.create;
  create.create_command = context.argv;
  PrintLine(context, TRY(engine::Create(context.engine, create)));
  return 0;
}

}  // namespace

cli::Runnable RunCommand() { return cli::Bind(Describe, Run); }
cli::Runnable CreateCommand() { return cli::Bind(DescribeCreate, RunCreate); }

}  // namespace ctool
