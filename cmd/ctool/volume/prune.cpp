// SPDX-License-Identifier: Apache-2.0
#include "ctool/confirm.hpp"
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

struct PruneOptions {
  engine::PruneVolumesOptions how;
  bool force = false;
};

cli::Command Describe(PruneOptions& o) {
  cli::Command c;
  c.summary = "Remove volumes that no container uses";
  c.prose =
      "Removes the anonymous volumes that no container uses, running or not, with all that is in them, and prints their names. Those with a "
      "name are removed with --all. Asks first, unless -f is given.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Those with a name too", .sink = &o.how.all},
               {.name = "dry-run", .help = "Print what would be removed, and remove nothing", .sink = &o.how.dry_run},
               {.name = "filter", .value = "key=value", .help = "Remove only those that match: label=, label!=, until=, since=, name=, anonymous=", .sink = &o.how.filters, .words = words::kVolumePruneFilters},
               {.name = "force", .short_name = 'f', .help = "Do not ask", .sink = &o.force}};
  c.examples = {{"volume prune"}, {"volume prune -af --filter until=24h", "Those that are older than a day, by whatever name"}};
  return c;
}

Result<int> Run(Context& context, const PruneOptions& o) {
  const char* warning = o.how.all ? "WARNING! This will remove all volumes not used by at least one container.\n"
                                  : "WARNING! This will remove all anonymous volumes not used by at least one container.\n";
  if (!o.force && !o.how.dry_run) {
    std::string text = warning;
    engine::PruneVolumesOptions look = o.how;
    look.dry_run = true;
    const std::vector<engine::PrunedVolume> volumes = TRY(engine::PruneVolumes(context.engine, look));
    if (volumes.empty()) return 0;
    text += "The following volumes will be removed:\n";
    for (const engine::PrunedVolume& volume : volumes) text += volume.name + "\n";
    if (!TRY(Confirm(context, text))) return 0;
  }
  for (const engine::PrunedVolume& volume : TRY(engine::PruneVolumes(context.engine, o.how))) PrintLine(context, volume.name);
  return 0;
}

}  // namespace

cli::Runnable VolumePruneCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
