// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/input_stream_internal.hpp"
#include "engine/pull_inside_internal.hpp"
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

// Writes image.config and a manifest of `layers` (media type `manifest_type`, which decides the config's) as blobs, and
// fills what follows from them: id, digests, times, and the name, whole or empty.
Status PutManifest(const storage::Store& store, std::string_view manifest_type, std::vector<spec::Descriptor> layers,
                   const std::string& created, const std::string& name, state::Image& image);

// Puts the archive into the store, as blob and as layer, in one pass: one thread reads and writes
// the blob, another unpacks. Inside the user namespace, with the content lock held.
Result<ImportedLayer> ImportLayer(const ImportPlan& plan, const storage::Store& store,
                                  Interrupt& interrupt);

}  // namespace ctool::engine
