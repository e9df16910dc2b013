// SPDX-License-Identifier: Apache-2.0
//
// The build cache beyond this machine: an OCI artifact with the layers of a build and a configuration that says which key each
// of them has. In a registry (REPOSITORY[:TAG]) or an OCI layout in a folder.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "builder/options.hpp"
#include "engine/engine.hpp"
#include "engine/interrupt.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"
#include "userns/userns.hpp"

namespace ctool::builder {

// --cache-to: writes these records and their layers. Outside.
Status ExportCache(const engine::GlobalOptions& store, const std::vector<std::string>& keys, const BuildOptions& options);

// --cache-from: fetches what there is; a place that has none is said and passed over. Returns the configurations of what came,
// whose blobs are in the store now. Outside, before the build.
Result<std::vector<std::string>> FetchCache(const engine::GlobalOptions& store, const BuildOptions& options);

// Unpacks what is not here yet and takes over the records; nobody's key that is here already is changed. Inside, with the
// content lock held. A record that is not what it says is passed over.
Status TakeOverCache(const storage::Store& store, state::Database& db, const userns::IdMap& map, const std::string& boot_id,
                     const std::vector<std::string>& configurations, engine::Interrupt& interrupt);

}  // namespace ctool::builder
