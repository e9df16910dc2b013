// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/system/commands.hpp"

namespace ctool {
namespace {

struct MigrateOptions {
  std::string new_runtime;
  bool migrate_db = false;
};

cli::Command Describe(MigrateOptions& o) {
  cli::Command c;
  c.summary = "Do nothing, successfully";
  c.prose =
      "podman's guides have it run after a change of /etc/subuid, to end the process that keeps "
      "the old id map. Here no such "
      "process exists: each container's map is read when it starts.";
  c.options.push_back({.name = "new-runtime",
                       .value = "runtime",
                       .help = "Accepted for podman's sake",
                       .sink = &o.new_runtime,
                       .hidden = true});
  c.options.push_back({.name = "migrate-db",
                       .help = "Accepted for podman's sake",
                       .sink = &o.migrate_db,
                       .hidden = true});
  c.examples = {{"system migrate"}};
  return c;
}

Result<int> Run(Context&, const MigrateOptions&) { return 0; }

}  // namespace

cli::Runnable MigrateCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
