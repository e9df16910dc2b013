// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/network/commands.hpp"
#include "engine/networks.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;
using Networks = std::vector<bridge::Definition>;

struct LsOptions {
  std::vector<std::string> filters;
  std::string format;
  bool no_trunc = false, no_heading = false, quiet = false;
};

cli::Command Describe(LsOptions& o) {
  cli::Command c;
  c.summary = "List networks";
  c.prose = "Shows the networks by name. \"podman\", the default one, is always there.";
  c.options = {{.name = "filter", .short_name = 'f', .value = "key=value",
                .help = "Show the networks that match: name=, id=, driver=, label=, dangling=, until=", .sink = &o.filters, .words = words::kNetworkFilters},
               {.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kNetworkFormats},
               {.name = "no-trunc", .help = "Show ids whole", .sink = &o.no_trunc, .aliases = {"notruncate"}},
               {.name = "noheading", .short_name = 'n', .help = "Leave the headings out", .sink = &o.no_heading, .aliases = {"noheader"}},
               {.name = "quiet", .short_name = 'q', .help = "Print names only", .sink = &o.quiet}};
  c.examples = {{"network ls"}, {"network ls -q --filter dangling=true", "Those that no container uses"}};
  return c;
}

std::string ShownId(const std::string& id, const LsOptions& o) { return o.no_trunc ? id : id.substr(0, 12); }

std::string Labels(const bridge::Definition& network) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : network.labels) labels.push_back(key + "=" + value);
  return Join(labels, ",");
}

std::string Table(const Networks& networks, const LsOptions& o) {
  std::vector<std::vector<std::string>> cells;
  if (!o.no_heading) cells.push_back({"NETWORK ID", "NAME", "DRIVER"});
  for (const bridge::Definition& network : networks)
    cells.push_back({ShownId(network.id, o), Printable(network.name), Printable(network.driver)});
  return cli::AlignRows(cells);
}

Value Row(const bridge::Definition& network, const LsOptions& o) {
  Value v = Value::Struct("networks.ListPrintReports");
  v.Set("Name", network.name).Set("ID", ShownId(network.id, o)).Alias("Id");
  v.Set("Labels", Labels(network));  // as a text; the first of two fields counts
  SetNetworkFields(network, v);
  return v;
}

Result<std::string> Format(const Networks& networks, const LsOptions& o) {
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const bridge::Definition& network : networks) {
      Value v = Value::Struct("types.Network");
      v.Set("Name", network.name, {.name = "name"}).Set("ID", network.id, {.name = "id"});
      SetNetworkFields(network, v);
      list.Append(v);
    }
    return cli::ToJson(list, 2) + "\n";
  }
  if (o.quiet) {
    std::string names;
    for (const bridge::Definition& network : networks) names += network.name + "\n";
    return names;
  }
  if (o.format.empty()) return Table(networks, o);
  cli::Listing listing;
  listing.name = "network ls";
  listing.headers = {{"ID", "NETWORK ID"}};
  for (const bridge::Definition& network : networks) listing.rows.push_back(Row(network, o));
  return cli::FormatListing(listing, o.format, o.no_heading ? cli::Heading::kNo : cli::Heading::kYes);
}

Result<int> Run(Context& context, const LsOptions& o) {
  PrintRaw(context, TRY(Format(TRY(engine::ListNetworks(context.engine, o.filters)), o)));
  return 0;
}

}  // namespace

cli::Runnable NetworkLsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
