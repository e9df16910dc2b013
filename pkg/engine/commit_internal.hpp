// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "engine/import_internal.hpp"
#include "engine/rootfs_view.hpp"
#include "engine/settle_internal.hpp"
#include "spec/image.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// A commit with everything settled that is not work on the store.
struct CommitPlan {
  std::string name;  // whole, or empty
  RootfsWanted wanted;
  std::optional<ContainerFiles> files;
  std::optional<LiveProcess> live;
  state::Image image;        // that the container was made from
  spec::ImageConfig config;  // of the new one, but for its layers and history
  bool docker = false;
  bool whole = false;  // one layer of everything
  GlobalOptions store;
  userns::IdMap map;
};

// Packs what the container has changed (or all of it) and puts it into the store, as blob and as layer, in one pass: the
// archive is hashed, written and unpacked while it is made. The layer's files are new ones: the container goes on with its own.
Result<ImportedLayer> CommitLayer(const CommitPlan& plan, const storage::Store& store, Interrupt& interrupt);

}  // namespace ctool::engine
