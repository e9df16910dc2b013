// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

// Runs a program of the host as root of the containers' user namespace, in a mount namespace of its own, and returns its exit
// status. Empty: the user's shell. kNoCommand, kNotExecutable.
Result<int> Unshare(Engine& engine, const std::vector<std::string>& command);

// Whether this process runs in such a namespace.
bool IsUnshared();

// Whether something is mounted on `path` in this process' mount namespace.
Result<bool> IsMounted(const std::string& path);

// --- in such a namespace ---

// Takes down what is mounted on `path`.
Status UnmountPath(const std::string& path);

struct ContainerMountPoint {
  std::string id, name, path;
};
// Mounts a container's root file system for this namespace; where it is mounted already that place is returned. One that runs
// is mounted read-only.
Result<ContainerMountPoint> MountContainer(Engine& engine, const std::string& name_or_id);
Result<std::vector<ContainerMountPoint>> ListMountedContainers(Engine& engine);
// False: it was not mounted.
Result<bool> UnmountContainer(Engine& engine, const std::string& id);

}  // namespace ctool::engine
