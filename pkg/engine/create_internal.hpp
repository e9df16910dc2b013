// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/containers.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {

// A container that has its folder but no record yet, with the lock of whoever runs it.
struct NewContainer {
  ContainerSpec spec;
  state::Container record;  // after CommitCreate
  sys::FileLock lock;
  bool random_name = false;  // nobody asked for it: when it is taken meanwhile another will do
  bool recorded = false;     // by CommitCreate
  std::vector<std::string> made_volumes = {};  // that were not there before
};

// Id, namespaces and network: enough for a sandbox, which the monitor makes while the rest is found out.
// `id`: chosen by the caller.
Result<ContainerSpec> BeginSpec(Engine& engine, const CreateOptions& options, const std::string& id = {});
// The rest of it from options, containers.conf and an image's defaults.
Status FoldDefaults(Engine& engine, const CreateOptions& options, const spec::ImageDefaults& image, ContainerSpec& spec);
// Its overlay's folders, in its own, which is there.
Status MakeFolders(const ContainerSpec& spec, const ContainerFiles& files);
// Everything but the record: `run` lets the monitor set the container up while it is committed.
Result<NewContainer> BeginCreate(Engine& engine, const CreateOptions& options, ContainerSpec spec);
// Writes the record and the cidfile; a power cut may still undo it (Database::Sync). When it fails UndoCreate is next.
// `as` kRunning: who commits holds the container's lock and is about to let it go.
Status CommitCreate(Engine& engine, NewContainer& container, state::ContainerState as);

// After a CommitCreate that failed, and once nobody talks to its monitor any more: waits for that to end, which may still
// be writing, and takes the container's files and new volumes away. `error` is the failure, or a better reason for it.
Error UndoCreate(Engine& engine, NewContainer container, Error error);

}  // namespace ctool::engine
