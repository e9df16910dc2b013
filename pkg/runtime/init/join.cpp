// SPDX-License-Identifier: Apache-2.0
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/init/context_internal.hpp"
#include "runtime/init/init.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::runtime {
namespace init {
namespace {

// Others of the container's pid namespace must not look into us before exec (/proc/PID/exe, fd: CVE-2016-9962). The
// change of ids takes it back, where fs.suid_dumpable says so.
Status BecomeUndumpable(Context&) {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return Error::Sys(errno, "become undumpable");
  return Ok();
}

// One call, so that nobody can be exchanged between two of them (Linux 5.8). ESRCH: the container has ended.
Status JoinNamespaces(int init, uint64_t namespaces) {
  if (::setns(init, static_cast<int>(namespaces)) == 0) return Ok();
  if (errno == ESRCH) return Error(Code::kBusy, "the container has ended");
  return Error::Sys(errno, "setns");
}

// setns to a mount namespace has put us at its root.
Status OpenRoot(Context& c) {
  c.root = TRY(sys::Root::Open("/"));
  return Ok();
}

// The kernel looks for a new parent in the orphan's own pid namespace only: it can't be one of ours.
Status KeepOrphans(Context& c) {
  if (c.plan.keeps_orphans && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) return Error::Sys(errno, "become a subreaper");
  return Ok();
}

constexpr Step kBeforeJoin[] = {
    {Stage::kProcess, SetOomScore},
    {Stage::kSecurity, SetLabels},
    {Stage::kSecurity, BecomeUndumpable},
};
constexpr Step kAfterJoin[] = {
    {Stage::kIdMap, AwaitIdMap},
    {Stage::kSecurity, BecomeUndumpable},
    {Stage::kRootfs, OpenRoot},
    {Stage::kIdentity, ResolveIdentity},
    {Stage::kTerminal, SetupTerminal},
    {Stage::kProcess, SetLimits},
    {Stage::kProcess, KeepOrphans},
    {Stage::kProcess, EnterCwd},
    {Stage::kSecurity, JoinKeyring},
    {Stage::kSecurity, AwaitExec},
    {Stage::kSecurity, DropPrivileges},
    {Stage::kSecurity, ApplyLandlock},
    {Stage::kSecurity, BecomeUndumpable},
};

}  // namespace
}  // namespace init

void JoinMain(int target, InitPlan plan, const SyncSocket& sync, const int (&stdio)[3],
              const std::vector<int>& preserved) {
  sys::ResetSignals();
  const uint64_t namespaces = plan.namespaces | plan.joined;
  init::Context context(namespaces, sync);
  context.plan = std::move(plan);
  for (const init::Step& step : init::kBeforeJoin) init::Do(step, context);
  sys::Fd pidfd;
  const auto join = [&]() -> Result<pid_t> {
    TRY(init::JoinNamespaces(target, namespaces));
    return init::CloneForParent(0, pidfd);  // a pid namespace is entered by being born in it
  };
  const Result<pid_t> pid = join();
  if (!pid.ok()) ::_exit(sync.SendError(Stage::kClone, pid.error()).ok() ? 125 : 124);
  if (*pid > 0) ::_exit(sync.Send(Msg::kJoined, Stage::kClone, std::to_string(*pid), pidfd.get()).ok() ? 0 : 124);
  for (const init::Step& step : init::kAfterJoin) init::Do(step, context);
  init::ExecuteOrDie(context, stdio, preserved);
}

}  // namespace ctool::runtime
