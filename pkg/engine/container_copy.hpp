// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct CopyOptions {
  std::string source, destination;  // "CONTAINER:PATH", PATH, or "-"
  bool archive = true;     // files get the primary user of the container they go to
  bool overwrite = false;  // a directory may replace something else, and the reverse
};

// Between a container and the host, or two containers; neither side is "-".
Status CopyFiles(Engine& engine, const CopyOptions& options);

// The destination is "-": an archive is written to the standard output.
Status CopyToArchive(Engine& engine, const CopyOptions& options);

// --- in the program ctool-images only ---

// The source is "-": an archive, which may be compressed, is read from the standard input.
Status CopyFromArchive(Engine& engine, const CopyOptions& options);

}  // namespace ctool::engine
