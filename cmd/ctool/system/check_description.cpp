// SPDX-License-Identifier: Apache-2.0
#include "ctool/system/check.hpp"

namespace ctool {

cli::Command DescribeCheck(CheckCommandOptions& o) {
  cli::Command c;
  c.summary = "Verify what is in the store";
  c.prose =
      "Verifies every blob by its digest, every file of every layer by the blob that it came from, and the records of both. What is "
      "damaged is shown by image, layer and blob. Other commands may run meanwhile. What commands that were killed have left is cleared "
      "away; that is no damage.\n\n"
      "With --repair, layers are unpacked again from their blobs, and documents written again from the records. With --from-registry, "
      "what is damaged beyond that is fetched again by its digest. --force removes images that are still damaged then, and the "
      "containers made from them; without it nothing is ever removed.";
  c.options = {{.name = "force",
                .short_name = 'f',
                .help = "Repair, and remove images that can't be mended and the containers made from them",
                .sink = &o.force},
               {.name = "from-registry", .help = "Repair, and fetch what can't be mended otherwise", .sink = &o.check.from_registry},
               {.name = "max",
                .short_name = 'm',
                .value = "duration",
                .help = "Accepted for podman's sake: what no image refers to is never kept",
                .sink = &o.max},
               {.name = "quick", .short_name = 'q', .help = "Compare records and sizes only, and read no contents", .sink = &o.quick},
               {.name = "repair", .short_name = 'r', .help = "Mend what can be mended here", .sink = &o.repair}};
  c.examples = {{"system check -q"}, {"system check -r --from-registry"}};
  c.exits = {{"0", "nothing is damaged, or all of it was mended"}, {"125", "something is damaged"}};
  return c;
}

}  // namespace ctool
