// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/containers.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {

// A container whose record is written but not committed, with the lock of whoever runs it.
struct NewContainer {
  ContainerSpec spec;
  state::Container record;
  sys::FileLock lock;
};

// Everything but the commit: an open transaction on the engine's database is left, so that the
// start of the monitor and the wait for the disk overlap.
Result<NewContainer> BeginCreate(Engine& engine, const CreateOptions& options);
// Commits, and writes the cidfile.
Status FinishCreate(Engine& engine, const NewContainer& container);

}  // namespace ctool::engine
