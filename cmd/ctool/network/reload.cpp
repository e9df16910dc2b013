// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct ReloadOptions {
  std::vector<std::string> containers;
  bool all = false, latest = false;
};

cli::Command Describe(ReloadOptions& o) {
  cli::Command c;
  c.summary = "Accepted for podman's sake: there is nothing to reload";
  c.prose =
      "podman reloads firewall rules that something on the host has flushed. Those of ctool's networks are in network namespaces of their "
      "own, where nothing of the host reaches them: the command checks that each CONTAINER runs, and prints its id.";
  c.options = {{.name = "all", .short_name = 'a', .help = "All containers that run", .sink = &o.all},
               {.name = "latest", .short_name = 'l', .help = "The container that was created last", .sink = &o.latest}};
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.containers, .complete = cli::Complete::kRunningContainers}};
  c.examples = {{"network reload web"}};
  return c;
}

Result<std::vector<std::string>> Targets(Context& context, const ReloadOptions& o) {
  if (o.latest) return std::vector<std::string>{TRY(engine::LatestContainer(context.engine)).id};
  if (!o.all) return o.containers;
  std::vector<std::string> ids;
  for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, {}))) ids.push_back(row.container.id);
  return ids;
}

Result<int> Run(Context& context, const ReloadOptions& o) {
  const auto refuse = [](const char* text) { return Error(Code::kInvalidArgument, text); };
  if (o.all && o.latest) return refuse("--all and --latest cannot be used together");
  if ((o.all || o.latest) && !o.containers.empty()) return refuse("no arguments are needed with --all or --latest");
  if (!o.all && !o.latest && o.containers.empty()) return refuse("you must provide at least one name or id");
  Several several;
  for (const std::string& name : TRY(Targets(context, o))) {
    const auto reload = [&]() -> Status {
      const state::Container container = TRY(engine::FindContainer(context.engine, name));
      if (container.state != state::ContainerState::kRunning)
        return Error(Code::kBusy, "cannot reload network of container " + container.id + ": container is not running: container state improper");
      PrintLine(context, container.id);
      return Ok();
    };
    several.Add(reload());
  }
  return several.Finish();
}

}  // namespace

cli::Runnable NetworkReloadCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
