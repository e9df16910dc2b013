// SPDX-License-Identifier: Apache-2.0
#include "ctool/confirm.hpp"
#include "ctool/image/commands.hpp"
#include "ctool/system/commands.hpp"
#include "ctool/words.hpp"
#include "engine/system_prune.hpp"

namespace ctool {
namespace {

struct SystemPruneCommandOptions {
  engine::SystemPruneOptions prune;
  bool force = false, external = false;
};

cli::Command Describe(SystemPruneCommandOptions& o) {
  cli::Command c;
  c.summary = "Remove what nothing uses";
  c.prose =
      "Removes containers that do not run, networks that no container uses and images without a name that nothing uses, prints their ids, and says how much space that "
      "gives back. Asks first, unless -f is given.";
  AddPruneOptions(c.options, "Remove only what matches: label=, label!=, until=", words::kPruneFilters, {o.prune.all, o.force, o.prune.filters});
  c.options.push_back({.name = "build", .help = "Remove all of the build cache too, cache mounts among it", .sink = &o.prune.build});
  c.options.push_back({.name = "external", .help = "Remove only what commands that were killed have left", .sink = &o.external});
  c.options.push_back({.name = "volumes", .help = "Remove volumes that no container uses, and what is in them",
                       .sink = &o.prune.volumes});
  c.examples = {{"system prune"}, {"system prune -af --filter until=24h", "What is older than a day"}};
  return c;
}

std::string Warning(const SystemPruneCommandOptions& o) {
  std::string text = "WARNING! This command removes:\n\t- all stopped containers\n\t- all networks not used by at least one container\n";
  if (o.prune.volumes) text += "\t- all volumes not used by at least one container\n";
  if (o.prune.build) text += "\t- all build containers\n";
  text += o.prune.all ? "\t- all images without at least one container associated with them\n\t- all build cache\n"
                      : "\t- all dangling images\n\t- all dangling build cache\n";
  return text + "\n";
}

void PrintPart(const Context& context, const char* heading, const std::vector<std::string>& names) {
  if (names.empty()) return;
  PrintLine(context, heading);
  for (const std::string& name : names) PrintLine(context, name);
}

Result<int> Run(Context& context, const SystemPruneCommandOptions& o) {
  if (o.external) {
    TRY(engine::SweepLeftovers(context.engine));
    return 0;
  }
  if (!o.force && !TRY(Confirm(context, Warning(o)))) return 0;
  const engine::SystemPruned pruned = TRY(engine::PruneSystem(context.engine, o.prune));
  PrintPart(context, "Deleted Containers", pruned.containers);
  PrintPart(context, "Deleted Volumes", pruned.volumes);
  PrintPart(context, "Deleted Images", pruned.images);
  PrintPart(context, "Deleted Networks", pruned.networks);
  PrintLine(context, "Total reclaimed space: " + DiskSize(pruned.reclaimed));
  return 0;
}

}  // namespace

cli::Runnable SystemPruneCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
