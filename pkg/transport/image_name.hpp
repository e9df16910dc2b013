// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::transport {

enum class Kind {
  kDocker,             // docker://REFERENCE
  kOciArchive,         // oci-archive:PATH[:NAME|:@INDEX]
  kDockerArchive,      // docker-archive:PATH[:REFERENCE|:@INDEX]
  kOci,                // oci:PATH[:NAME|:@INDEX]
  kDir,                // dir:PATH
  kContainersStorage,  // containers-storage:REFERENCE: the local store
};

// TRANSPORT:DETAILS as containers-transports(5) has it.
struct ImageName {
  Kind kind = Kind::kDocker;
  std::string path;             // of a file or folder; empty for those that have a reference only
  std::string reference;        // may be empty
  std::optional<size_t> index;  // "@3": the fourth image of an archive

  std::string Print() const;

  // Nothing for a name without a transport ("alpine", "localhost:5000/a").
  // kUnsupported: docker-daemon: and others that are known and not there. kInvalidArgument: no path.
  static Result<std::optional<ImageName>> Parse(std::string_view text);
};

}  // namespace ctool::transport
