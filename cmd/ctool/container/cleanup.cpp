// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct CleanupOptions {
  std::string id;
};

cli::Command Describe(CleanupOptions& o) {
  cli::Command c;
  c.summary = "Settle the record of a container that has ended";
  c.prose = "Run by a container's monitor. Does nothing for a container that runs.";
  c.args = {{.name = "CONTAINER", .sink = &o.id, .complete = cli::Complete::kContainers}};
  c.hidden = true;
  return c;
}

Result<int> Run(Context& context, const CleanupOptions& o) {
  TRY(engine::CleanupContainer(context.engine, o.id));
  return 0;
}

}  // namespace

cli::Runnable CleanupCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
