// SPDX-License-Identifier: Apache-2.0
#include "runtime/init/init.hpp"

#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::runtime {
namespace init {
namespace {

Status AwaitIdMap(Context& c) {
  Frame answer;
  if (!TRY(c.sync.Receive(answer)) || answer.header.msg != Msg::kIdMapDone)
    return Error(Code::kInternal, "the monitor went away");
  if (::setresgid(0, 0, 0) < 0) return Error::Sys(errno, "become gid 0 of the user namespace");
  if (::setresuid(0, 0, 0) < 0) return Error::Sys(errno, "become uid 0 of the user namespace");
  // Groups of the caller are not the container's. EPERM: a single-id map, where setgroups is denied.
  if (::setgroups(0, nullptr) < 0 && errno != EPERM) return Error::Sys(errno, "setgroups");
  // The change of ids cleared it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return Error::Sys(errno, "set the death signal");
  return Ok();
}

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
  if (::sethostname(name.c_str(), name.size()) < 0) return Error::Sys(errno, "sethostname", name);
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

Status AwaitExec(Context& c) {
  TRY(c.sync.Send(Msg::kReady, Stage::kSecurity));
  Frame answer;
  if (!TRY(c.sync.Receive(answer)) || answer.header.msg != Msg::kExec)
    return Error(Code::kInternal, "the monitor went away");
  // Not to be looked into (/proc/1/exe, fd) by others of a shared pid namespace until exec. Not
  // before now: newuidmap and slirp4netns come through our /proc entry.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return Error::Sys(errno, "become undumpable");
  return Ok();
}

struct Step {
  Stage stage;
  Status (*run)(Context&);
};

// The whole order of a container's making. A step that needs a path of the host's comes before
// EnterRoot, one that needs a privilege before DropPrivileges.
constexpr Step kSteps[] = {
    {Stage::kNetwork, LoopbackUp},
    {Stage::kRootfs, LeaveHostMounts},
    {Stage::kPlan, AwaitBundle},
    {Stage::kMounts, PrepareMounts},
    {Stage::kDevices, PrepareDevices},
    {Stage::kIdMap, AwaitIdMap},
    {Stage::kRootfs, MountRootfs},
    {Stage::kMounts, MountAll},
    {Stage::kDevices, MakeDevices},
    {Stage::kPaths, WriteSysctls},
    {Stage::kPaths, ProtectPaths},
    {Stage::kIdentity, ResolveIdentity},
    {Stage::kTerminal, SetupTerminal},
    {Stage::kProcess, SetHostname},
    {Stage::kProcess, SetLimits},
    {Stage::kRootfs, EnterRoot},
    {Stage::kProcess, EnterCwd},
    {Stage::kRootfs, ReadonlyRoot},
    {Stage::kSecurity, JoinKeyring},
    {Stage::kSecurity, AwaitExec},
    {Stage::kSecurity, DropPrivileges},
};

[[noreturn]] void Die(const SyncSocket& sync, Stage stage, const Error& error) {
  // With the monitor gone there is nobody left to tell.
  if (!sync.SendError(stage, error).ok()) ::_exit(124);
  ::_exit(125);
}

void ResetSignals() {
  for (int sig = 1; sig < NSIG; ++sig)
    if (sig != SIGKILL && sig != SIGSTOP) ::signal(sig, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace
}  // namespace init

void InitMain(uint64_t namespaces, const SyncSocket& sync, const int (&stdio)[3]) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  init::ResetSignals();
  init::Context context{namespaces, sync, {}, {}, {}, {}, {}, {}, {}};
  for (const init::Step& step : init::kSteps) {
    Status done = step.run(context);
    if (!done.ok()) init::Die(sync, step.stage, done.error());
  }
  if (!context.plan.spec.process.terminal)
    for (int standard = 0; standard < 3; ++standard)
      if (::dup2(stdio[standard], standard) < 0)
        init::Die(sync, Stage::kProcess, Error::Sys(errno, "dup2"));
  // The container outlives a dead monitor. Nothing of ours is open after exec: CVE-2024-21626.
  ::prctl(PR_SET_PDEATHSIG, 0);
  if (sys::CloseRange(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
    init::Die(sync, Stage::kExec, Error::Sys(errno, "close_range"));
  init::Die(sync, Stage::kExec, init::Execute(context));
}

}  // namespace ctool::runtime
