// SPDX-License-Identifier: Apache-2.0
#include "engine/health.hpp"

#include "ctool/container/options.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct HealthcheckOptions {
  std::string container;
  bool ignore_result = false, latest = false;
};

cli::Command Describe(HealthcheckOptions& o) {
  cli::Command c;
  c.summary = "Run the health check of a container";
  c.prose =
      "Runs the check that --health-cmd or the image defines, in CONTAINER, now. The result counts like one of the checks that the container's monitor "
      "makes by itself every --health-interval.";
  c.options.push_back({.name = "ignore-result", .help = "Exit with 0 also when the check fails", .sink = &o.ignore_result});
  c.args = {{.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kRunningContainers}};
  c.examples = {{"healthcheck run web", "Is it well?"}};
  c.exits = {{"0", "the check passed"}, {"1", "the check failed, which is printed"}, {"125", "there is no check, or the container does not run"}};
  return c;
}

Result<int> Run(Context& context, const HealthcheckOptions& o) {
  if (TRY(engine::RunHealthCheck(context.engine, o.container))) return 0;
  // Of this check: the container is unhealthy after several in a row only.
  PrintLine(context, "unhealthy");
  return o.ignore_result ? 0 : 1;
}

}  // namespace

cli::Runnable HealthcheckCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
