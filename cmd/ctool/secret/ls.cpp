// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"
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

struct LsOptions {
  std::vector<std::string> filters;
  std::string format;
  bool no_heading = false, quiet = false;
};

cli::Command Describe(LsOptions& o) {
  cli::Command c;
  c.summary = "List secrets";
  c.prose = "Shows the secrets by name, but not what they hold.";
  c.options = {{.name = "filter", .short_name = 'f', .value = "key=value", .help = "Show the secrets that match: name=, id=", .sink = &o.filters, .words = words::kSecretFilters},
               {.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kSecretFormats},
               {.name = "noheading", .short_name = 'n', .help = "Leave the headings out", .sink = &o.no_heading, .aliases = {"noheader"}},
               {.name = "quiet", .short_name = 'q', .help = "Print ids only", .sink = &o.quiet}};
  c.examples = {{"secret ls"}, {"secret ls --format \"{{.Name}}\""}};
  return c;
}

std::string Ago(int64_t at) { return HumanDuration(WallNanos() - at) + " ago"; }

Value Row(const engine::Secret& secret) {
  Value v = Value::Struct("secrets.listSecretSpec");
  v.Set("ID", secret.id).Set("Name", secret.name).Set("Driver", secret.driver);
  return v.Set("CreatedAt", Ago(secret.created)).Set("UpdatedAt", Ago(secret.updated));
}

Result<std::string> Format(const std::vector<engine::Secret>& secrets, const LsOptions& o) {
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const engine::Secret& secret : secrets) list.Append(Row(secret));
    return cli::ToJson(list, 4) + "\n";
  }
  if (o.quiet) {
    std::string ids;
    for (const engine::Secret& secret : secrets) ids += secret.id + "\n";
    return ids;
  }
  cli::Listing listing;
  listing.name = "secret ls";
  listing.headers = {{"CreatedAt", "CREATED"}, {"UpdatedAt", "UPDATED"}};
  for (const engine::Secret& secret : secrets) listing.rows.push_back(Row(secret));
  const std::string format = o.format.empty() ? "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}" : o.format;
  return cli::FormatListing(listing, format, o.no_heading ? cli::Heading::kNo : cli::Heading::kYes);
}

Result<int> Run(Context& context, const LsOptions& o) {
  PrintRaw(context, TRY(Format(TRY(engine::ListSecrets(context.engine, o.filters)), o)));
  return 0;
}

}  // namespace

cli::Runnable SecretLsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
