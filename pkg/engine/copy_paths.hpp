// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <string>

#include "base/result.hpp"
#include "sys/root.hpp"

namespace ctool::engine {

// An argument of cp: "CONTAINER:PATH", or a path of the host, which is also what begins with "." or "/".
struct CopyPath {
  std::string container;  // empty: the host
  std::string path;       // as typed
};
CopyPath ParseCopyPath(const std::string& argument);

// "dir/." and ".": what is in a directory, not the directory.
bool NamesContents(const std::string& path);
// "x/" and "x/.": nothing but a directory will do.
bool NamesDirectory(const std::string& path);

// Where a path leads, symbolic links followed.
struct ResolvedPath {
  std::string path;     // from the root, without any link in it: "/" or "/a/b"
  bool exists = false;  // false: only the last component is missing
  bool is_directory = false, is_regular = false;

  std::string Parent() const;
  std::string Name() const;  // empty for the root
};
// As a process sees it whose root and working directory these are. ENOENT when a directory on the way is
// missing, or the path names a directory and there is something else.
Result<ResolvedPath> ResolvePath(const sys::Root& root, const std::string& working_dir, const std::string& path);

// What is copied where: the decision, without any work.
struct CopyPlan {
  bool contents = false;  // else the entry itself
  std::string source;     // resolved
  std::string folder;     // the directory that gets it, resolved
  std::string as;         // its name there; empty with `contents`
  bool make_folder = false;  // with `contents` of the root: `folder` is to be made first
};
// `typed` are the arguments. Errors: kInvalidArgument "destination must be a directory when copying a directory".
Result<CopyPlan> PlanCopy(const ResolvedPath& source, const std::string& typed, const ResolvedPath& destination);

}  // namespace ctool::engine
