// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/secret/commands.hpp"
#include "engine/secrets.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;

struct InspectOptions {
  std::vector<std::string> names;
  std::string format;
  bool pretty = false, show = false;
};

cli::Command Describe(InspectOptions& o) {
  cli::Command c;
  c.summary = "Show what is known of secrets";
  c.prose = "Prints a JSON array with an object for each SECRET, by name or id. What it holds is shown only if that is asked for.";
  c.options = {{.name = "format", .short_name = 'f', .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kJson},
               {.name = "pretty", .help = "Print lines for people", .sink = &o.pretty},
               {.name = "showsecret", .help = "Show what the secret holds", .sink = &o.show}};
  c.args = {{.name = "SECRET", .max = cli::kUnlimited, .sink = &o.names, .complete = cli::Complete::kSecrets}};
  c.examples = {{"secret inspect password"}, {"secret inspect --showsecret -f \"{{.SecretData}}\" password"}};
  c.exits = {{"0", "all were found"}, {"125", "one was not, or something failed"}};
  return c;
}

Value Time(int64_t at) {
  return Value::Time({.seconds = at / 1'000'000'000, .nanos = static_cast<int32_t>(at % 1'000'000'000), .zone = "UTC"});
}

Value Describe(const engine::Secret& secret, bool show) {
  Value driver = Value::Struct("entities.SecretDriverSpec");
  driver.Set("Name", secret.driver).Set("Options", Value::Map());
  Value labels = Value::Map();
  for (const auto& [key, value] : secret.labels) labels.Set(key, value);
  Value spec = Value::Struct("entities.SecretSpec");
  spec.Set("Name", secret.name).Set("Driver", driver).Set("Labels", labels);
  Value v = Value::Struct("entities.SecretInfoReport");
  v.Set("ID", secret.id).Set("CreatedAt", Time(secret.created)).Set("UpdatedAt", Time(secret.updated)).Set("Spec", spec);
  return v.Set("SecretData", show ? secret.data : "", {.name = "SecretData", .omit_empty = true});
}

constexpr char kPretty[] =
    "ID:              {{.ID}}\nName:            {{.Spec.Name}}\n{{if .Spec.Labels}}Labels:\n{{range $k, $v := .Spec.Labels}} - {{$k}}{{if $v}}={{$v}}{{end}}\n{{end}}{{end}}"
    "Driver:          {{.Spec.Driver.Name}}\nCreated at:      {{.CreatedAt}}\nUpdated at:      {{.UpdatedAt}}";

Result<int> Run(Context& context, const InspectOptions& o) {
  if (o.pretty && !o.format.empty()) return Error(Code::kInvalidArgument, "--format and --pretty cannot be set simultaneously");
  Several several;
  std::vector<Value> found;
  for (const std::string& name : o.names) {
    Result<engine::Secret> secret = engine::FindSecret(context.engine, name);
    if (secret.ok()) found.push_back(Describe(*secret, o.show));
    else several.Add(std::move(secret).error().Wrap("inspecting secret"));
  }
  if (!o.pretty && (o.format.empty() || cli::IsJsonFormat(o.format))) {
    Value list = Value::List();
    for (const Value& value : found) list.Append(value);
    PrintRaw(context, cli::ToJson(list, 4) + "\n");
    return several.Finish();
  }
  for (const Value& value : found) PrintRaw(context, TRY(cli::FormatOne("inspect", value, o.pretty ? kPretty : o.format)));
  return several.Finish();
}

}  // namespace

cli::Runnable SecretInspectCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
