// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/secret/commands.hpp"
#include "engine/secrets.hpp"

namespace ctool {
namespace {

struct ExistsOptions {
  std::string secret;
};

cli::Command Describe(ExistsOptions& o) {
  cli::Command c;
  c.summary = "Tell whether a secret exists";
  c.prose = "Prints nothing: the exit status is the answer.";
  c.args = {{.name = "SECRET", .sink = &o.secret, .complete = cli::Complete::kSecrets}};
  c.exits = {{"0", "it exists"}, {"1", "it does not"}, {"125", "the question could not be answered"}};
  c.examples = {{"secret exists password"}};
  return c;
}

Result<int> Run(Context& context, const ExistsOptions& o) {
  const Result<engine::Secret> found = engine::FindSecret(context.engine, o.secret);
  if (found.ok()) return 0;
  if (found.error().code() == Code::kNotFound) return 1;
  return found.error();
}

}  // namespace

cli::Runnable SecretExistsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
