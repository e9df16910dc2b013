// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"

namespace ctool {
namespace {

struct RmOptions {
  std::vector<std::string> volumes;
  engine::RemoveVolumeOptions how;
  bool all = false;
};

cli::Command Describe(RmOptions& o) {
  cli::Command c;
  c.summary = "Remove volumes";
  c.prose = "Removes each VOLUME that no container uses, running or not, with all that is in it, and prints its name.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Remove all volumes", .sink = &o.all},
               {.name = "force", .short_name = 'f', .help = "Remove the containers that use it first; pass over a volume that does not exist",
                .sink = &o.how.force},
               {.name = "time", .short_name = 't', .value = "seconds", .help = "Seconds that the containers have to end, with --force; -1 is for ever",
                .sink = &o.how.time, .aliases = {"timeout"}}};
  c.args = {{.name = "VOLUME", .min = 0, .max = cli::kUnlimited, .sink = &o.volumes, .complete = cli::Complete::kVolumes}};
  c.examples = {{"volume rm data"}, {"volume rm -f data", "With the containers that use it"}};
  c.exits = {{"1", "there is no such volume"}, {"2", "a container uses it"}, {"125", "another failure"}};
  return c;
}

Result<int> Run(Context& context, const RmOptions& o) {
  if (o.all == !o.volumes.empty()) return Error(Code::kInvalidArgument, "choose either one or more volumes or all");
  std::vector<std::string> names = o.volumes;
  if (o.all)
    for (const engine::VolumeInfo& volume : TRY(engine::ListVolumes(context.engine, {}))) names.push_back(volume.record.name);
  Several several;
  for (const std::string& name : names) {
    const bool known = !o.how.force || engine::FindVolume(context.engine, name).ok();
    Status removed = engine::RemoveVolume(context.engine, name, o.how);
    if (removed.ok() && known) PrintLine(context, name);
    several.Add(std::move(removed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable VolumeRmCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
