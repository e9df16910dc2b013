// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "ctool/confirm.hpp"
#include "ctool/system/commands.hpp"
#include "engine/reset.hpp"

namespace ctool {
namespace {

struct ResetOptions {
  bool force = false;
};

cli::Command Describe(ResetOptions& o) {
  cli::Command c;
  c.summary = "Delete the whole store";
  c.prose =
      "Ends all containers and deletes all images, containers and volumes, also when the store is damaged. Only what ctool has made is "
      "deleted, and only in a folder that ctool has marked as its store. Asks first, unless -f is given.";
  c.options = {{.name = "force", .short_name = 'f', .help = "Do not ask", .sink = &o.force}};
  c.examples = {{"system reset -f"}, {"--root /tmp/store system reset"}};
  return c;
}

Result<int> Run(Context& context, const ResetOptions& o) {
  const config::Paths& paths = *TRY(context.engine.Paths());
  const std::string warning =
      "WARNING! This will remove:\n        - all containers\n        - all images\n        - all networks\n        - all build cache\n"
      "        - all volumes\n        - the graphRoot directory: " + Quote(paths.graph_root) +
      "\n        - the runRoot directory: " + Quote(paths.run_root) + "\n";
  if (!o.force && !TRY(Confirm(context, warning))) return 0;
  for (const std::string& left : TRY(engine::ResetStore(context.engine)))
    PrintLine(context, "not deleted, because ctool did not make it: " + Printable(left));
  return 0;
}

}  // namespace

cli::Runnable ResetCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
