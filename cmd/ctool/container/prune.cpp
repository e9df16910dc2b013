// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "ctool/confirm.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

struct PruneOptions {
  std::vector<std::string> filters;
  bool force = false;
};

cli::Command Describe(PruneOptions& o) {
  cli::Command c;
  c.summary = "Remove all containers that do not run";
  c.prose = "Removes every container that was created and not started, or has ended, and prints its id. Asks first, unless -f is given.";
  c.options.push_back({.name = "force", .short_name = 'f', .help = "Do not ask", .sink = &o.force});
  c.options.push_back({.name = "filter", .value = "key=value", .help = "Remove only those that match: label=, label!=, until=", .sink = &o.filters, .words = words::kPruneFilters});
  c.examples = {{"container prune -f --filter until=24h", "Those that are older than a day"}};
  return c;
}

Result<int> Run(Context& context, const PruneOptions& o) {
  for (const std::string& filter : o.filters) {
    const std::string key = filter.substr(0, filter.find('='));
    if (key != "label" && key != "label!" && key != "until") return Error(Code::kInvalidArgument, key + " is an invalid filter");
  }
  if (!o.force && !TRY(Confirm(context, "WARNING! This will remove all non running containers.\n"))) return 0;
  engine::ListContainersOptions list;
  list.all = true;
  list.filters = o.filters;
  Several several;
  for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list))) {
    if (row.state != "created" && row.state != "exited") continue;
    Status removed = engine::RemoveContainer(context.engine, row.container.id, {});
    if (removed.ok()) PrintLine(context, row.container.id);
    // Gone, or started, since it was listed.
    else if (removed.error().code() != Code::kNotFound && removed.error().code() != Code::kBusy) several.Add(std::move(removed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable PruneCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
