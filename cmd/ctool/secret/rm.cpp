// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/secret/commands.hpp"
#include "engine/secrets.hpp"

namespace ctool {
namespace {

struct RmOptions {
  std::vector<std::string> secrets;
  bool all = false, ignore = false;
};

cli::Command Describe(RmOptions& o) {
  cli::Command c;
  c.summary = "Remove secrets";
  c.prose = "Removes each SECRET, by name or id, and prints its id. Containers keep what they have of it in files.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Remove all secrets", .sink = &o.all},
               {.name = "ignore", .short_name = 'i', .help = "Pass over a secret that does not exist", .sink = &o.ignore}};
  c.args = {{.name = "SECRET", .min = 0, .max = cli::kUnlimited, .sink = &o.secrets, .complete = cli::Complete::kSecrets}};
  c.examples = {{"secret rm password"}};
  return c;
}

Result<int> Run(Context& context, const RmOptions& o) {
  if (o.all && !o.secrets.empty()) return Error(Code::kInvalidArgument, "`ctool secret rm` requires one argument, or the --all flag");
  if (!o.all && o.secrets.empty()) return Error(Code::kInvalidArgument, "`ctool secret rm` requires one argument, or the --all flag");
  std::vector<std::string> names = o.secrets;
  if (o.all)
    for (const engine::Secret& secret : TRY(engine::ListSecrets(context.engine, {}))) names.push_back(secret.id);
  Several several;
  for (const std::string& name : names) {
    Result<std::string> id = engine::RemoveSecret(context.engine, name);
    if (id.ok()) PrintLine(context, *id);
    else if (!o.ignore || id.error().code() != Code::kNotFound) several.Add(std::move(id).error());
  }
  return several.Finish();
}

}  // namespace

cli::Runnable SecretRmCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
