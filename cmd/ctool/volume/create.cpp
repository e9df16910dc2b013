// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"

namespace ctool {
namespace {

using engine::CreateVolumeOptions;

cli::Command Describe(CreateVolumeOptions& o) {
  cli::Command c;
  c.summary = "Create a volume";
  c.prose =
      "Makes a volume, a folder that outlives the containers that it is mounted in, and prints its name, which is chosen if NAME is left "
      "out. The first container that mounts it where its image has files gets these in it.\n\n"
      "With -o type=bind -o device=/folder the volume is that folder of the host; with -o type=tmpfs -o o=size=10m each container that "
      "uses it gets memory of its own.";
  c.options = {{.name = "driver", .short_name = 'd', .value = "driver", .help = "What keeps the volume", .sink = &o.driver, .values = {"local"}},
               {.name = "gid", .value = "gid", .help = "Group of its folder", .sink = &o.gid},
               {.name = "ignore", .help = "Be content with a volume that has this name already", .sink = &o.ignore},
               {.name = "label", .short_name = 'l', .value = "key=value", .help = "Label the volume", .sink = &o.labels},
               {.name = "opt", .short_name = 'o', .value = "key=value", .help = "Option of the mount: type=bind or tmpfs, device=, o=options of the mount, uid= and gid= among them",
                .sink = &o.options},
               {.name = "uid", .value = "uid", .help = "Owner of its folder", .sink = &o.uid}};
  c.args = {{.name = "NAME", .min = 0, .sink = &o.name}};
  c.examples = {{"volume create data"}, {"volume create -o type=tmpfs -o o=size=10m,mode=1777 scratch", "In memory"}};
  return c;
}

Result<int> Run(Context& context, const CreateVolumeOptions& o) {
  PrintLine(context, TRY(engine::CreateVolume(context.engine, o)));
  return 0;
}

}  // namespace

cli::Runnable VolumeCreateCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
