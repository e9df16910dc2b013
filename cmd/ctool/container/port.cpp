// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"
#include "network/ports.hpp"

namespace ctool {
namespace {

struct PortOptions {
  std::vector<std::string> words;  // CONTAINER and PORT, or with --latest PORT alone
  bool all = false, latest = false;
};

cli::Command Describe(PortOptions& o) {
  cli::Command c;
  c.summary = "Show the published ports of a container";
  c.prose = "Shows where each published port of CONTAINER, which runs, is on the host, or only PORT: a number, and /udp or /sctp if it is not TCP's.";
  c.usage = "[CONTAINER] [PORT[/PROTOCOL]]";
  c.options.push_back({.name = "all", .short_name = 'a', .help = "Show the ports of every container that runs", .sink = &o.all});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Show those of the container that was created last", .sink = &o.latest});
  c.args = {{.name = "CONTAINER", .min = 0, .max = 2, .sink = &o.words, .complete = cli::Complete::kRunningContainers}};
  c.examples = {{"port web", "All of them"}, {"port web 80", "Where port 80 is"}};
  return c;
}

Result<std::vector<network::PortLine>> PortsOf(const state::Container& container) {
  const engine::ContainerSpec spec = TRY(engine::ContainerSpec::Parse(container.spec));
  return network::ListPorts(TRY(network::ParsePortMappings(spec.ports)));
}

Result<int> ShowAll(Context& context) {
  engine::ListContainersOptions list;
  list.with_spec = true;
  for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list)))
    for (const network::PortLine& port : TRY(PortsOf(row.container)))
      PrintLine(context, row.container.id.substr(0, 12) + "\t" + port.container + " -> " + port.host);
  return 0;
}

// "80" is "80/tcp".
Result<std::string> WholePort(const std::string& typed) {
  const size_t slash = typed.find('/');
  const std::string number = typed.substr(0, slash);
  const std::optional<uint64_t> port = ParseUint(number);
  if (!port || *port > 65535)
    return Error(Code::kInvalidArgument, "invalid port " + Quote(typed) + ": want a number from 0 to 65535, and /udp or /sctp if it is not TCP's");
  return std::to_string(*port) + (slash == std::string::npos ? "/tcp" : typed.substr(slash));
}

Result<int> Run(Context& context, const PortOptions& o) {
  const auto refuse = [](const char* text) { return Error(Code::kInvalidArgument, text); };
  if (o.all && o.latest) return refuse("--all and --latest cannot be used together");
  if (o.all && !o.words.empty()) return refuse("no arguments are needed with --all");
  if (!o.all && !o.latest && o.words.empty()) return refuse("you must supply a running container name or id");
  if (o.latest && o.words.size() > 1) return refuse("--latest and containers cannot be used together");
  if (o.all) return ShowAll(context);
  const std::string typed = o.words.size() == (o.latest ? 1U : 2U) ? o.words.back() : "";
  const bool one = !typed.empty();
  const std::string wanted = one ? TRY(WholePort(typed)) : "";
  const state::Container container =
      o.latest ? TRY(engine::LatestContainer(context.engine)) : TRY(engine::FindContainer(context.engine, o.words[0]));
  // podman's answer: nothing is published for one that does not run.
  if (container.state != state::ContainerState::kRunning) return 0;
  bool found = !one;
  for (const network::PortLine& port : TRY(PortsOf(container))) {
    if (one && port.container != wanted) continue;
    PrintLine(context, one ? port.host : port.container + " -> " + port.host);
    found = true;
  }
  if (!found) return Error(Code::kInvalidArgument, "failed to find published port " + Quote(typed));
  return 0;
}

}  // namespace

cli::Runnable PortCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
