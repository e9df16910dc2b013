// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "builder/stage.hpp"

namespace ctool::builder {

// --output: "DIR", "type=local,dest=DIR", "type=tar,dest=FILE", "-" (a tar archive on the standard output): what the target
// stage's files are.
// An archive of the image (type=oci, type=docker) is not written here.
Status Export(Session& session, const StageState& state, const std::string& output);

// What of them asks for an archive of the image: "type=oci,dest=FILE", "type=docker,dest=FILE".
struct ArchiveOutput {
  std::string format, destination;  // format: as `save` calls it
};
// One of them is "-": nothing else belongs there.
bool TakesStandardOutput(const std::vector<std::string>& outputs);
Result<std::optional<ArchiveOutput>> ParseArchiveOutput(const std::string& output);

}  // namespace ctool::builder
