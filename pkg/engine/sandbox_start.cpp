// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <unistd.h>

#include "engine/sandbox_start_internal.hpp"

namespace ctool::engine {

// Half a start is hard to take back when no file can be opened any more: it is not begun. A plain container needs 30,
// volumes, devices and streams some more.
Status RequireDescriptors() {
  constexpr rlim_t kNeeded = 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= kNeeded) return Ok();
  return Error(Code::kInternal, "the limit of open files is " + std::to_string(limit.rlim_cur) +
                                    ": too few to start a container")
      .Hint("allow " + std::to_string(kNeeded) + " at least: ulimit -n 1024; see: ctool doctor");
}

// `preserved`: our descriptors that become 3, 4, ...
Result<Sandboxed> MakeSandbox(Engine& engine, const ContainerSpec& spec, const std::vector<int>& preserved) {
  SandboxOrigin origin;
  monitor::Sandbox sandbox = TRY(SandboxOf(engine, spec, origin));
  std::vector<int> files;
  if (sandbox.passthrough) files = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  files.insert(files.end(), preserved.begin(), preserved.end());
  sandbox.files = static_cast<int64_t>(files.size());
  std::vector<int> first;
  for (const sys::Fd& fd : origin.descriptors) first.push_back(fd.get());
  files.insert(files.begin(), first.begin(), first.end());
  MonitorProcess process = TRY(MonitorProcess::Start(engine, sandbox, files));
  return Sandboxed{std::move(sandbox), std::move(process), std::move(origin)};
}

}  // namespace ctool::engine
