// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"
#include "engine/unshare.hpp"

namespace ctool {
namespace {

struct Volumes {
  std::vector<std::string> names;
};

void AddVolumes(cli::Command& c, Volumes& o) {
  c.args = {{.name = "VOLUME", .max = cli::kUnlimited, .sink = &o.names, .complete = cli::Complete::kVolumes}};
}

cli::Command DescribeMount(Volumes& o) {
  cli::Command c;
  c.summary = "Show where volumes' files are";
  c.prose =
      "Prints the folder of each VOLUME, and mounts it first where that takes a mount (volume create -o type=...). This works only in "
      "`ctool unshare`; the mounts are only seen there and end with it.";
  AddVolumes(c, o);
  c.examples = {{"unshare sh -c 'ls -l $(ctool volume mount data)'"}};
  return c;
}

cli::Command DescribeUnmount(Volumes& o) {
  cli::Command c;
  c.summary = "Unmount volumes";
  c.prose = "Takes down what `ctool volume mount` has mounted in this `ctool unshare`, and prints the volumes' names.";
  AddVolumes(c, o);
  c.examples = {{"volume unmount data"}};
  return c;
}

Result<int> RunMount(Context& context, const Volumes& o) {
  if (!engine::IsUnshared())
    return Error(Code::kUnsupported, "cannot run command \"ctool volume mount\" in rootless mode, must execute `ctool unshare` first");
  Several several;
  for (const std::string& name : o.names) {
    const Result<std::string> folder = engine::MountVolume(context.engine, name);
    if (folder.ok()) PrintLine(context, *folder);
    several.Add(folder.ok() ? Ok() : Status(folder.error()));
  }
  return several.Finish();
}

Result<int> RunUnmount(Context& context, const Volumes& o) {
  Several several;
  for (const std::string& name : o.names) {
    Status unmounted = engine::UnmountVolume(context.engine, name);
    if (unmounted.ok()) PrintLine(context, name);
    several.Add(std::move(unmounted));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable VolumeMountCommand() { return cli::Bind(DescribeMount, RunMount); }
cli::Runnable VolumeUnmountCommand() { return cli::Bind(DescribeUnmount, RunUnmount); }

}  // namespace ctool
