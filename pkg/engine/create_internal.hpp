// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/containers.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {

// A container that has its folder but no record yet, with the lock of whoever runs it.
struct NewContainer {
  ContainerSpec spec;
  state::Container record;  // after CommitCreate
  sys::FileLock lock;
};

// Everything but the record: `run` lets the monitor set the container up while it is committed.
Result<NewContainer> BeginCreate(Engine& engine, const CreateOptions& options);
// Writes the record and the cidfile. When it fails the folder is gone.
Status CommitCreate(Engine& engine, NewContainer& container);

}  // namespace ctool::engine
