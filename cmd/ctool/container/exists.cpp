// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct ExistsOptions {
  std::string container;
  bool external = false;
};

cli::Command Describe(ExistsOptions& o) {
  cli::Command c;
  c.summary = "Tell whether a container exists";
  c.prose = "Prints nothing: the exit status is the answer.";
  c.options.push_back({.name = "external", .help = "Accepted for podman's sake", .sink = &o.external, .hidden = true});
  c.args = {{.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kContainers}};
  c.exits = {{"0", "it exists"}, {"1", "it does not"}, {"125", "the question could not be answered"}};
  c.examples = {{"container exists web"}};
  return c;
}

Result<int> Run(Context& context, const ExistsOptions& o) {
  const Result<state::Container> found = engine::FindContainer(context.engine, o.container);
  if (found.ok()) return 0;
  if (found.error().code() == Code::kNotFound) return 1;
  return found.error();
}

}  // namespace

cli::Runnable ContainerExistsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
