// SPDX-License-Identifier: Apache-2.0
//
// What both kinds of copy need to know: of files, and of archives.
#include <stdlib.h>
#include <unistd.h>

#include <memory>

#include "base/text.hpp"
#include "engine/container_copy_internal.hpp"
#include "runtime/user.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kMaxAccountFile = 1 << 20;

Error NotFound(const CopyEnd& end) {
  const std::string where = end.container.empty() ? "on the host" : "on container " + Printable(end.container);
  return Error(Code::kNotFound, Quote(end.typed) + " could not be found " + where + ": no such file or directory");
}

bool IsMissing(const Error& error) {
  const int err = error.sys_errno();
  return err == ENOENT || err == ENOTDIR || err == ELOOP;
}

Result<std::string> ReadAccounts(const sys::Root& root, const std::string& path) {
  Result<std::string> text = root.ReadRegular(path, kMaxAccountFile);
  if (!text.ok() && text.error().sys_errno() == ENOENT) return std::string();
  return text;
}

// On the host a path may lead through magic links (/dev/stdin), which a Root refuses.
Result<ResolvedPath> Resolve(const CopyEnd& end) {
  if (!end.container.empty()) return ResolvePath(*end.root, end.working_dir, end.typed);
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(end.typed.c_str(), nullptr), ::free);
  if (real == nullptr || NamesDirectory(end.typed)) return ResolvePath(*end.root, end.working_dir, end.typed);
  return ResolvePath(*end.root, "/", real.get());
}

}  // namespace

Result<ResolvedPath> FindSource(const CopyEnd& end) {
  Result<ResolvedPath> found = Resolve(end);
  if (!found.ok() && IsMissing(found.error())) return NotFound(end);
  if (found.ok() && !found->exists) return NotFound(end);
  return found;
}

Result<ResolvedPath> FindDestination(const CopyEnd& end) {
  Result<ResolvedPath> found = Resolve(end);
  if (!found.ok() && IsMissing(found.error())) return NotFound(end);
  return found;
}

Result<RootfsWanted> WantCopied(Engine& engine, const std::string& name, bool writable) {
  Result<RootfsWanted> wanted = WantRootfs(engine, name);
  if (!wanted.ok() && wanted.error().code() == Code::kNotFound)
    return Error(Code::kNotFound, "container " + Quote(name) + " does not exist");
  if (wanted.ok()) wanted->writable = writable;
  return wanted;
}

Status CheckArchiveEnd(const CopyPath& end, const CopyOptions& options) {
  if (end.container.empty())
    return Error(Code::kInvalidArgument, "name or ID cannot be empty").Hint("one of the two is written CONTAINER:PATH");
  if (end.path.empty())
    return Error(Code::kInvalidArgument, "invalid arguments " + Quote(options.source) + ", " + Quote(options.destination) +
                                             ": you must specify paths");
  return Ok();
}

Result<std::pair<uid_t, gid_t>> ContainerUser(const sys::Root& root, const std::string& user) {
  if (user.empty() || user == "0" || user == "root" || user == "0:0") return std::pair<uid_t, gid_t>(0, 0);
  const std::string passwd = TRY(ReadAccounts(root, "/etc/passwd")), group = TRY(ReadAccounts(root, "/etc/group"));
  Result<runtime::ResolvedUser> resolved = runtime::ResolveUser(user, {}, passwd, group);
  if (!resolved.ok()) return std::move(resolved).error().As(Code::kInvalidArgument);
  return std::pair<uid_t, gid_t>(resolved->uid, resolved->gid);
}

bool IsKernelFolder(const std::string& path) { return path == "dev" || path == "proc" || path == "sys"; }

}  // namespace ctool::engine
