// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/input_stream.hpp"
#include "engine/in_store.hpp"
#include "spec/image.hpp"
#include "storage/store.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// One instruction of --change into an image's defaults: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL,
// ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR, as "KEY VALUE" or "KEY=VALUE"; a command is a JSON
// list or text for /bin/sh -c. kInvalidArgument names the instruction.
// Syntax: Containerfile(5).
Status ApplyChange(const std::string& change, spec::ImageDefaults& config);

// An import with everything settled that is not work on the store.
struct ImportPlan {
  std::string name;  // whole, or empty
  Input input;
  spec::ImageConfig config;
  std::string comment;
  GlobalOptions store;
  userns::IdMap map;
};

struct ImportedLayer {
  spec::Descriptor blob;
  storage::Store::UnpackedLayer layer;
};

// Puts the archive into the store, as blob and as layer, in one pass: one thread reads and writes
// the blob, another unpacks. Inside the user namespace, with the content lock held.
Result<ImportedLayer> ImportLayer(const ImportPlan& plan, const storage::Store& store,
                                  Interrupt& interrupt);

}  // namespace ctool::engine
