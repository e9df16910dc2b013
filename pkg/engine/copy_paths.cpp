// SPDX-License-Identifier: Apache-2.0
#include "engine/copy_paths.hpp"

#include <fcntl.h>

#include <vector>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr int kMaxLinks = 40;  // the kernel's own limit

// The components that are left, the next one last.
void Push(const std::string& path, std::vector<std::string>& todo) {
  const std::vector<std::string> parts = Split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    if (!part->empty() && *part != ".") todo.push_back(*part);
}

Error Missing(const std::string& path, int err) { return Error::Sys(err, "find", path).As(Code::kNotFound); }

std::string Below(const std::string& folder, const std::string& name) { return (folder == "/" ? "" : folder) + "/" + name; }

}  // namespace

CopyPath ParseCopyPath(const std::string& argument) {
  if (argument.empty() || argument[0] == '.' || argument[0] == '/') return {"", argument};
  const size_t colon = argument.find(':');
  if (colon == std::string::npos) return {"", argument};
  return {argument.substr(0, colon), argument.substr(colon + 1)};
}

bool NamesContents(const std::string& path) { return path == "." || EndsWith(path, "/."); }
bool NamesDirectory(const std::string& path) { return EndsWith(path, "/") || NamesContents(path); }

std::string ResolvedPath::Parent() const {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string ResolvedPath::Name() const { return path.substr(path.rfind('/') + 1); }

Result<ResolvedPath> ResolvePath(const sys::Root& root, const std::string& working_dir, const std::string& path) {
  std::vector<std::string> todo;
  Push(path, todo);
  if (path.empty() || path[0] != '/') Push(working_dir, todo);
  ResolvedPath at;
  at.path = "/";
  at.exists = at.is_directory = true;
  for (int links = 0; !todo.empty();) {
    const std::string name = std::move(todo.back());
    todo.pop_back();
    if (!at.exists) return Missing(path, ENOENT);
    if (!at.is_directory) return Missing(path, ENOTDIR);
    if (name == "..") {
      at.path = at.Parent();
      continue;
    }
    const std::string next = Below(at.path, name);
    const Result<sys::Fd> fd = root.Open(next, O_PATH | O_NOFOLLOW);
    if (!fd.ok() && fd.error().sys_errno() != ENOENT) return fd.error();
    at.exists = fd.ok();
    const struct stat st = fd.ok() ? TRY(sys::StatFd(fd->get(), next)) : (struct stat){};
    if (fd.ok() && S_ISLNK(st.st_mode)) {
      if (++links > kMaxLinks) return Missing(path, ELOOP);
      const std::string target = TRY(sys::ReadLinkAt(fd->get(), ""));
      Push(target, todo);
      if (!target.empty() && target[0] == '/') at.path = "/";
      at.is_directory = true;
      continue;
    }
    at.path = next;
    at.is_directory = fd.ok() && S_ISDIR(st.st_mode);
    at.is_regular = fd.ok() && S_ISREG(st.st_mode);
  }
  if (NamesDirectory(path) && !at.is_directory) return Missing(path, at.exists ? ENOTDIR : ENOENT);
  return at;
}

Result<CopyPlan> PlanCopy(const ResolvedPath& source, const std::string& typed, const ResolvedPath& destination) {
  if (source.is_directory && destination.exists && !destination.is_directory)
    return Error(Code::kInvalidArgument, "destination must be a directory when copying a directory");
  CopyPlan plan;
  plan.source = source.path;
  const bool whole = source.path == "/";  // the root has no name of its own
  const bool contents = source.is_directory && (whole || NamesContents(typed));
  if (destination.exists && destination.is_directory) {
    plan.contents = contents;
    plan.folder = destination.path;
    if (!contents) plan.as = source.Name();
  } else if (whole) {
    plan.contents = plan.make_folder = true;
    plan.folder = destination.path;
  } else {
    // What is copied gets the destination's name: for a directory's contents that is the directory with its attributes.
    plan.folder = destination.Parent();
    plan.as = destination.Name();
  }
  return plan;
}

}  // namespace ctool::engine
