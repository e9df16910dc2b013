// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "engine/exec.hpp"

namespace ctool {
namespace {

struct AttachCommandOptions {
  std::string container;
  bool latest = false, no_stdin = false, sig_proxy = true;
  std::string detach_keys = "ctrl-p,ctrl-q";
};

cli::Command Describe(AttachCommandOptions& o) {
  cli::Command c;
  c.summary = "Attach to a running container";
  c.prose =
      "Shows what CONTAINER writes from now on, and passes on stdin and signals. Several may be attached at once. The exit status is the "
      "container's; the detach keys, or the end of this command, leave the container running.";
  c.options.push_back({.name = "no-stdin", .help = "Do not pass stdin on", .sink = &o.no_stdin});
  c.options.push_back({.name = "sig-proxy", .help = "Pass signals on to the container", .sink = &o.sig_proxy});
  c.options.push_back({.name = "detach-keys", .value = "keys", .help = "Keys that detach from a terminal; empty switches them off", .sink = &o.detach_keys});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Take the container that was created last", .sink = &o.latest});
  c.args = {{.name = "CONTAINER", .min = 0, .sink = &o.container, .complete = cli::Complete::kActiveContainers}};
  c.examples = {{"attach shell", "Back to a container that was detached from"}, {"attach --no-stdin web", "Only look on"}};
  c.exits = {{"125", "ctool itself failed, or the container does not run"}, {"n", "the container's exit status"}};
  return c;
}

Result<int> Run(Context& context, const AttachCommandOptions& o) {
  if (o.latest == !o.container.empty())
    return Error(Code::kInvalidArgument, o.latest ? "--latest and a container cannot be used together" : "attach requires the name or id of one running container or the latest flag");
  engine::AttachOptions how;
  how.attach_stdin = !o.no_stdin;
  how.attach_stdout = how.attach_stderr = true;
  how.sig_proxy = o.sig_proxy;
  how.detach_keys = o.detach_keys;
  const std::string container = o.latest ? TRY(engine::LatestContainer(context.engine)).id : o.container;
  const engine::StartOutcome outcome = TRY(engine::Attach(context.engine, container, how));
  return outcome.detached ? 0 : outcome.exit_code;
}

}  // namespace

cli::Runnable AttachCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
