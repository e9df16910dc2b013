// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "engine/container_copy.hpp"
#include "engine/copy_paths.hpp"
#include "engine/rootfs_view.hpp"

namespace ctool::engine {

// One end of a copy: where a path is looked up, and how it is spoken of.
struct CopyEnd {
  const sys::Root* root = nullptr;
  std::string container;    // as typed; empty: the host
  std::string typed;        // the path
  std::string working_dir;  // what a relative path begins at
};

// kNotFound: `"x" could not be found on container c: no such file or directory`.
Result<ResolvedPath> FindSource(const CopyEnd& end);
// The same; what is missing is made by the copy, if there is a directory for it and the path names none itself.
Result<ResolvedPath> FindDestination(const CopyEnd& end);

// The container that is copied from or to. kNotFound: `container "x" does not exist`.
Result<RootfsWanted> WantCopied(Engine& engine, const std::string& name, bool writable);

// The end of an archive's copy that is no archive: it must be a path in a container.
Status CheckArchiveEnd(const CopyPath& end, const CopyOptions& options);

// The ids of the user as whom the container's process runs.
Result<std::pair<uid_t, gid_t>> ContainerUser(const sys::Root& root, const std::string& user);

// What is only the kernel's in a container, and no file: left out of copies of the whole tree.
bool IsKernelFolder(const std::string& path);

}  // namespace ctool::engine
