// SPDX-License-Identifier: Apache-2.0
#include "ctool/confirm.hpp"
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

struct PruneOptions {
  std::vector<std::string> filters;
  bool force = false;
};

cli::Command Describe(PruneOptions& o) {
  cli::Command c;
  c.summary = "Remove networks that no container uses";
  c.prose = "Removes every network, but for the default one, that no container uses, running or not, and prints its name. Asks first, unless -f is given.";
  c.options = {{.name = "filter", .value = "key=value", .help = "Remove only those that match: label=, label!=, until=", .sink = &o.filters, .words = words::kPruneFilters},
               {.name = "force", .short_name = 'f', .help = "Do not ask", .sink = &o.force}};
  c.examples = {{"network prune -f --filter until=24h", "Those that are older than a day"}};
  return c;
}

Result<int> Run(Context& context, const PruneOptions& o) {
  if (!o.force && !TRY(Confirm(context, "WARNING! This will remove all networks not used by at least one container.\n"))) return 0;
  for (const std::string& name : TRY(engine::PruneNetworks(context.engine, o.filters))) PrintLine(context, name);
  return 0;
}

}  // namespace

cli::Runnable NetworkPruneCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
