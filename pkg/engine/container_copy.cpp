// SPDX-License-Identifier: Apache-2.0
#include "engine/container_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "base/text.hpp"
#include "engine/container_copy_internal.hpp"
#include "engine/copy_tree.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr int kReadDir = O_RDONLY | O_DIRECTORY | O_NONBLOCK;

struct Job {
  CopyEnd from, to;
  bool archive = true, overwrite = false;
  std::string user;  // of the container it goes to
};

Status CheckHostDestination(const Job& job, const ResolvedPath& destination) {
  if (!job.to.container.empty() || !destination.exists || destination.is_directory || destination.is_regular) return Ok();
  return Error(Code::kInvalidArgument,
               "invalid destination: " + Quote(job.to.typed) + " must be a directory or a regular file");
}

// A user namespace can make no device, and a socket without its process is nothing.
Status CheckSource(const Job& job, const ResolvedPath& source) {
  if (source.is_directory || source.is_regular) return Ok();
  const sys::Fd fd = TRY(job.from.root->Open(source.path, O_PATH | O_NOFOLLOW));
  const struct stat st = TRY(sys::StatFd(fd.get(), source.path));
  if (S_ISFIFO(st.st_mode)) return Ok();
  return Error(Code::kUnsupported, Quote(job.from.typed) + " is a device or a socket, which can't be copied");
}

Result<CopyTreeOptions> OptionsOf(const Job& job, const CopyPlan& plan) {
  CopyTreeOptions options;
  options.replace = job.overwrite;
  options.skip_unreadable = !job.from.container.empty();
  if (job.to.container.empty()) options.owner = {::geteuid(), ::getegid()};
  else if (job.archive) options.owner = TRY(ContainerUser(*job.to.root, job.user));
  options.any_owner = !options.owner;
  // On the host a path is told from where the copy goes.
  options.shown = job.to.container.empty() ? "/" : plan.folder;
  if (!job.from.container.empty() && plan.source == "/") options.skip = IsKernelFolder;
  return options;
}

Status Perform(const Job& job) {
  const ResolvedPath source = TRY(FindSource(job.from));
  const ResolvedPath destination = TRY(FindDestination(job.to));
  TRY(CheckHostDestination(job, destination));
  TRY(CheckSource(job, source));
  const CopyPlan plan = TRY(PlanCopy(source, job.from.typed, destination));
  TreeCopier copier(TRY(OptionsOf(job, plan)));
  if (plan.make_folder) static_cast<void>(TRY(job.to.root->MakeDirs(plan.folder, 0755)));
  sys::Fd to = TRY(job.to.root->Open(plan.folder, kReadDir));
  if (plan.contents) return copier.CopyContents(TRY(job.from.root->Open(plan.source, kReadDir)), std::move(to));
  sys::Fd from = TRY(job.from.root->Open(source.Parent(), kReadDir));
  return copier.CopyEntry(std::move(from), source.Name(), std::move(to), plan.as);
}

Result<std::string> WorkingDirectory() {
  std::array<char, PATH_MAX> cwd;
  if (::getcwd(cwd.data(), cwd.size()) == nullptr) return Error::Sys(errno, "getcwd");
  return std::string(cwd.data());
}

Status CheckArguments(const CopyPath& from, const CopyPath& to, const CopyOptions& options) {
  if (from.path.empty() || to.path.empty())
    return Error(Code::kInvalidArgument, "invalid arguments " + Quote(options.source) + ", " + Quote(options.destination) +
                                             ": you must specify paths");
  if (from.container.empty() && to.container.empty())
    return Error(Code::kInvalidArgument, "name or ID cannot be empty").Hint("one of the two is written CONTAINER:PATH");
  return Ok();
}

}  // namespace

Status CopyFiles(Engine& engine, const CopyOptions& options) {
  const CopyPath from = ParseCopyPath(options.source), to = ParseCopyPath(options.destination);
  TRY(CheckArguments(from, to, options));
  std::vector<RootfsWanted> wanted;
  if (!from.container.empty()) wanted.push_back(TRY(WantCopied(engine, from.container, false)));
  if (!to.container.empty()) wanted.push_back(TRY(WantCopied(engine, to.container, true)));
  // Both ends are one container: it is mounted once.
  const bool same = wanted.size() == 2 && wanted[0].container.id == wanted[1].container.id;
  if (same) wanted.erase(wanted.begin());
  Job job{{nullptr, from.container, from.path, ""}, {nullptr, to.container, to.path, ""}, options.archive, options.overwrite, ""};
  const std::string cwd = TRY(WorkingDirectory());
  job.from.working_dir = from.container.empty() ? cwd : wanted.front().spec.working_dir;
  job.to.working_dir = to.container.empty() ? cwd : wanted.back().spec.working_dir;
  if (!to.container.empty()) job.user = wanted.back().spec.user;
  TRY(WithRootfs(engine, wanted, [&](const std::vector<sys::Root>& roots) -> Result<std::string> {
    const sys::Root host = TRY(sys::Root::Open("/"));
    job.from.root = from.container.empty() ? &host : &roots.front();
    job.to.root = to.container.empty() ? &host : &roots.back();
    TRY(Perform(job));
    return std::string();
  }));
  return Ok();
}

}  // namespace ctool::engine
