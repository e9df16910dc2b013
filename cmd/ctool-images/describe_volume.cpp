// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"

namespace ctool {

cli::Command DescribeVolumeImport(VolumeImportOptions& o) {
  cli::Command c;
  c.summary = "Fill a volume from an archive";
  c.prose = "Unpacks a tar archive, which may be compressed, into VOLUME. What is there by the same name is replaced, other files stay.";
  c.args = {{.name = "VOLUME", .sink = &o.volume, .complete = cli::Complete::kVolumes},
            {.name = "FILE|-", .min = 0, .sink = &o.input, .complete = cli::Complete::kFiles}};
  c.examples = {{"volume import data data.tar.gz"}, {"volume import data - < data.tar"}};
  return c;
}

}  // namespace ctool
