// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/init.hpp"

#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "base/log.hpp"
#include "base/trace.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"
#include "sys/warn_once.hpp"

namespace ctool::runtime {
namespace init {
namespace {

Status AwaitBundle(Context& c) {
  Frame frame;
  if (!TRY(c.sync.Receive(frame)) || frame.header.msg != Msg::kBundle)
    return Error(Code::kInternal, "the monitor went away");
  const std::string text = TRY(sys::ReadFile(frame.payload + "/config.json"));
  c.plan = TRY(BuildPlan(TRY(spec::RuntimeSpec::Parse(text))));
  if (c.plan.namespaces != c.namespaces)
    return Error(Code::kInternal, "config.json wants other namespaces than were made");
  return Ok();
}

Status SetHostname(Context& c) {
  const std::string& name = c.plan.spec.hostname;
  if (name.empty() || (c.namespaces & CLONE_NEWUTS) == 0) return Ok();
  if (::sethostname(name.c_str(), name.size()) == 0) return Ok();
  const int err = errno;
  // In a namespace of our own only a seccomp filter around us says so: containers' default one, inside another container.
  if (err != EPERM && err != ENOSYS) return Error::Sys(err, "sethostname", name);
  sys::WarnOnce(c.plan.spec.Annotation(kRunRootAnnotation), "hostname", "the container keeps the outer host's name: a seccomp filter refuses sethostname");
  return Ok();
}

Status LoopbackUp(Context& c) {
  if ((c.namespaces & CLONE_NEWNET) == 0) return Ok();
  const sys::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return Error::Sys(errno, "socket");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");  // NOLINT: a constant of 3 bytes into 16
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(fd.get(), SIOCSIFFLAGS, &request) < 0) return Error::Sys(errno, "bring lo up");
  return Ok();
}

// The whole order of a container's making. A step that needs a path of the host's comes before
// EnterRoot, one that needs a privilege before DropPrivileges.
constexpr Step kSteps[] = {
    {Stage::kNetwork, LoopbackUp},
    {Stage::kMounts, LeaveHostMounts},
    {Stage::kPlan, AwaitBundle},
    {Stage::kRootfs, PrepareRootfs},
    {Stage::kMounts, PrepareMounts},
    {Stage::kDevices, PrepareDevices},
    {Stage::kIdMap, AwaitIdMap},
    {Stage::kIdMap, TellForeignIds},
    {Stage::kRootfs, MountRootfs},
    {Stage::kMounts, MountAll},
    {Stage::kMounts, EnterGroup},
    {Stage::kDevices, MakeDevices},
    {Stage::kPaths, WriteSysctls},
    {Stage::kPaths, ProtectPaths},
    {Stage::kIdentity, ResolveIdentity},
    {Stage::kMounts, ChownMounts},
    {Stage::kTerminal, SetupTerminal},
    {Stage::kTerminal, BindConsole},
    {Stage::kProcess, SetHostname},
    {Stage::kProcess, SetLimits},
    {Stage::kProcess, SetOomScore},
    {Stage::kSecurity, SetLabels},
    {Stage::kMounts, EnterRoot},
    {Stage::kProcess, EnterCwd},
    {Stage::kMounts, ReadonlyRoot},
    {Stage::kSecurity, JoinKeyring},
    {Stage::kSecurity, AwaitExec},
    {Stage::kSecurity, DropPrivileges},
    {Stage::kSecurity, ApplyLandlock},
};

}  // namespace
}  // namespace init

void InitMain(const Birth& birth, const SyncSocket& sync, const int (&stdio)[3],
              const std::vector<int>& preserved, sys::Fd shm) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sys::ResetSignals();
  SetSource("init");
  init::Context context(birth.namespaces, sync);
  context.awaits_group = birth.awaits_group;
  context.shm = std::move(shm);
  for (const init::Step& step : init::kSteps) init::Do(step, context);
  init::ExecuteOrDie(context, stdio, preserved);
}

}  // namespace ctool::runtime
