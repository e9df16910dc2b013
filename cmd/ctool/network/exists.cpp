// SPDX-License-Identifier: Apache-2.0
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

struct ExistsOptions {
  std::string network;
};

cli::Command Describe(ExistsOptions& o) {
  cli::Command c;
  c.summary = "Tell whether a network exists";
  c.prose = "Prints nothing: the exit status is the answer.";
  c.args = {{.name = "NETWORK", .sink = &o.network, .complete = cli::Complete::kNetworks}};
  c.exits = {{"0", "it exists"}, {"1", "it does not"}, {"125", "the question could not be answered"}};
  c.examples = {{"network exists web"}};
  return c;
}

Result<int> Run(Context& context, const ExistsOptions& o) {
  const Result<bridge::Definition> found = engine::FindNetwork(context.engine, o.network);
  if (found.ok()) return 0;
  if (found.error().code() == Code::kNotFound) return 1;
  return found.error();
}

}  // namespace

cli::Runnable NetworkExistsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
