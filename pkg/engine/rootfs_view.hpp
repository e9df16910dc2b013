// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/settle_internal.hpp"
#include "sys/child.hpp"
#include "sys/mount.hpp"
#include "sys/root.hpp"

namespace ctool::engine {

// A container whose files are wanted.
struct RootfsWanted {
  state::Container container;  // settled
  ContainerSpec spec;
  // With what is mounted in it: volumes and binds, and in a running container also tmpfs, /proc, /dev ...
  bool with_mounts = true;
  // False: nothing is written, and a container that does not run is not kept from being started.
  bool writable = true;
};

// Runs `work` in a child process that is root in the containers' user namespace and sees each one's tree as a Root; what
// it returns is returned. The child keeps the host's own tree too, so that work between the two is done by one
// process with two sets of descriptors.
//
// A container that runs is seen as its own init sees it, through a root descriptor that is fetched by joining its
// namespaces; one that does not is mounted in a mount namespace of the child's. Nothing of a container is executed or
// loaded, no path of it is resolved but through its Root, and no process of it can look into the child.
// No database may be used by `work`: a connection does not survive a fork.
using RootfsWork = std::function<Result<std::string>(const std::vector<sys::Root>& roots)>;
Result<std::string> WithRootfs(Engine& engine, const std::vector<RootfsWanted>& wanted, const RootfsWork& work);

// FindContainer and its spec.
Result<RootfsWanted> WantRootfs(Engine& engine, const std::string& name_or_id);

// Mounts the root file system of a container that does not run at `target`, in this process' mount namespace. Volumes
// and binds with it if they are wanted. Fuse: the daemon that serves it, where the kernel's overlay is refused; it ends with
// what is returned.
struct MountedRootfs {
  std::optional<sys::Child> fuse;
};
Result<MountedRootfs> MountRootfs(const RootfsWanted& wanted, const ContainerFiles& files, const std::string& volumes,
                                  const std::string& target);

// An overlay at `target`; options as init gives them, "lowerdir+" for each layer, also where the kernel wants them in one string.
Status MountOverlay(const sys::DetachedMount::Options& options, const std::string& target);

}  // namespace ctool::engine
