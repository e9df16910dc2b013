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

struct InspectOptions {
  std::vector<std::string> names;
  std::string format;
  bool all = false;
};

cli::Command Describe(InspectOptions& o) {
  cli::Command c;
  c.summary = "Show all that is known of volumes";
  c.prose = "Prints a JSON array with an object for each VOLUME: its name, or a beginning that no other has. With -f, what a Go template makes of each.";
  c.options = {{.name = "all", .short_name = 'a', .help = "All volumes", .sink = &o.all},
               {.name = "format", .short_name = 'f', .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kVolumeFormats}};
  c.args = {{.name = "VOLUME", .min = 0, .max = cli::kUnlimited, .sink = &o.names, .complete = cli::Complete::kVolumes}};
  c.examples = {{"volume inspect -f \"{{.Mountpoint}}\" data"}};
  c.exits = {{"0", "all were found"}, {"125", "one was not, or something failed"}};
  return c;
}

Result<int> Run(Context& context, const InspectOptions& o) {
  if (o.all == !o.names.empty()) return Error(Code::kInvalidArgument, "provide one or more volume names or use --all");
  std::vector<engine::VolumeInfo> found;
  Several several;
  if (o.all) found = TRY(engine::ListVolumes(context.engine, {}));
  for (const std::string& name : o.names) {
    Result<engine::VolumeInfo> volume = engine::FindVolume(context.engine, name);
    if (volume.ok()) found.push_back(std::move(*volume));
    else if (volume.error().code() != Code::kNotFound) several.Add(std::move(volume).error());
    else several.Add(Error(Code::kNotFound, "inspecting object: no such volume " + Printable(name)));
  }
  if (o.format.empty() || cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const engine::VolumeInfo& volume : found) list.Append(VolumeValue(volume));
    PrintRaw(context, cli::ToJson(list, 5) + "\n");
    return several.Finish();
  }
  for (const engine::VolumeInfo& volume : found) PrintRaw(context, TRY(cli::FormatOne("inspect", VolumeValue(volume), o.format)));
  return several.Finish();
}

}  // namespace

cli::Runnable VolumeInspectCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
