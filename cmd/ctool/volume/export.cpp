// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"

namespace ctool {
namespace {

struct ExportOptions {
  std::string volume, output;
};

cli::Command Describe(ExportOptions& o) {
  cli::Command c;
  c.summary = "Write a volume's files to an archive";
  c.prose = "Writes what is in VOLUME to the standard output, or to a file, as a tar archive with owners, modes and times.";
  c.options = {{.name = "output", .short_name = 'o', .value = "file", .help = "Write to this file", .sink = &o.output, .complete = cli::Complete::kFiles}};
  c.args = {{.name = "VOLUME", .sink = &o.volume, .complete = cli::Complete::kVolumes}};
  c.examples = {{"volume export -o data.tar data"}, {"volume export data | ssh host ctool volume import data -", "To another machine"}};
  return c;
}

Result<int> Run(Context& context, const ExportOptions& o) {
  TRY(engine::ExportVolume(context.engine, o.volume, o.output));
  return 0;
}

}  // namespace

cli::Runnable VolumeExportCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
