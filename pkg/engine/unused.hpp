// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// Moves every layer and blob that no image has to the trash; true when there was something. Does
// nothing while somebody adds to the store: what is new there has no row yet, and whoever removes
// next finds what was left. Needs no user namespace: these are renames in folders of our own.
Result<bool> DiscardUnused(const storage::Store& store, state::Database& db);

// Takes an image's row with its names away. kBusy: a container was made from it. Its files are left for GiveSpaceBack.
Status ForgetImage(Engine& engine, const state::Image& image);

// Deletes what is in the trash in a process of its own, which may outlive us: nobody waits for a
// hundred thousand unlinks. It enters the user namespace, because most of it belongs to subordinate
// ids. What it leaves behind when it is killed goes with the next trash. Call it single threaded.
enum class Caller { kOutside, kInsideUserNamespace };
void EmptyTrashInBackground(const storage::Store& store, Caller caller);

}  // namespace ctool::engine
