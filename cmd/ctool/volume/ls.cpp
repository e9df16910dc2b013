// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;
using Volumes = std::vector<engine::VolumeInfo>;

struct LsOptions {
  std::vector<std::string> filters;
  std::string format;
  bool no_heading = false, quiet = false;
};

cli::Command Describe(LsOptions& o) {
  cli::Command c;
  c.summary = "List volumes";
  c.prose = "Shows the volumes by name.";
  c.options = {{.name = "filter", .short_name = 'f', .value = "key=value",
                .help = "Show the volumes that match: name=, label=, driver=, dangling=, anonymous=, opt=, until=, since=", .sink = &o.filters, .words = words::kVolumeFilters},
               {.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kVolumeFormats},
               {.name = "noheading", .short_name = 'n', .help = "Leave the headings out", .sink = &o.no_heading, .aliases = {"noheader"}},
               {.name = "quiet", .short_name = 'q', .help = "Print names only", .sink = &o.quiet}};
  c.examples = {{"volume ls"}, {"volume ls -q --filter dangling=true", "Those that no container uses"}};
  return c;
}

std::string LabelsText(const engine::VolumeInfo& volume) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : volume.labels) labels.push_back(key + "=" + value);
  return Join(labels, ",");
}

std::string Table(const Volumes& volumes, const LsOptions& o) {
  std::vector<std::vector<std::string>> cells;
  if (!o.no_heading) cells.push_back({"DRIVER", "VOLUME NAME"});
  for (const engine::VolumeInfo& v : volumes) cells.push_back({Printable(v.record.driver), Printable(v.record.name)});
  return cli::AlignRows(cells);
}

Value Row(const engine::VolumeInfo& volume) {
  Value v = Value::Struct("volumes.ListPrintReports");
  v.Set("Labels", LabelsText(volume));  // as a text; the first of two fields counts
  SetVolumeFields(volume, v);
  return v;
}

Result<std::string> Format(const Volumes& volumes, const LsOptions& o) {
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const engine::VolumeInfo& volume : volumes) list.Append(VolumeValue(volume));
    return cli::ToJson(list, 2) + "\n";
  }
  if (o.quiet) {
    std::string names;
    for (const engine::VolumeInfo& volume : volumes) names += volume.record.name + "\n";
    return names;
  }
  if (o.format.empty()) return volumes.empty() ? std::string() : Table(volumes, o);
  cli::Listing listing;
  listing.name = "volume ls";
  listing.headers = {{"Name", "VOLUME NAME"}};
  for (const engine::VolumeInfo& volume : volumes) listing.rows.push_back(Row(volume));
  return cli::FormatListing(listing, o.format, o.no_heading ? cli::Heading::kNo : cli::Heading::kYes);
}

Result<int> Run(Context& context, const LsOptions& o) {
  if (o.quiet && !o.format.empty()) return Error(Code::kInvalidArgument, "quiet and format flags cannot be used together");
  PrintRaw(context, TRY(Format(TRY(engine::ListVolumes(context.engine, o.filters)), o)));
  return 0;
}

}  // namespace

cli::Runnable VolumeLsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
