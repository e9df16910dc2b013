// SPDX-License-Identifier: Apache-2.0
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/init/context_internal.hpp"
#include "runtime/init/init.hpp"
#include "sys/syscalls.hpp"

namespace ctool::runtime {
namespace {

// ESRCH: the process has ended.
Status Enter(const Origin& origin) {
  for (const int from : origin.processes) {
    const int types = origin.processes.size() == 1 ? static_cast<int>(origin.joined) : 0;
    if (::setns(from, types) == 0) continue;
    // Our own user namespace, in which we are already: setns(2) refuses that. The next one decides whether we may.
    if (errno == EINVAL && origin.processes.size() > 1 && from == origin.processes.front()) continue;
    if (errno == ESRCH) return Error(Code::kBusy, "the process whose namespaces are to be shared has ended");
    return Error::Sys(errno, "enter the shared namespaces");
  }
  // Gaining capabilities has made us undumpable, and so init's /proc entry root's, which nobody could write a map to.
  // Nobody in the namespaces that we have entered sees our pid.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0) return Error::Sys(errno, "become dumpable");
  return Ok();
}

}  // namespace

void SpawnMain(const Origin& origin, uint64_t namespaces, const Birth& birth, const userns::IdMap& map, const SyncSocket& sync,
               const int (&stdio)[3], const std::vector<int>& preserved) {
  sys::Fd pidfd;
  pid_t pid = -1;
  const auto spawn = [&]() -> Status {
    TRY(Enter(origin));
    pid = TRY(init::CloneForParent(namespaces, pidfd));
    if (pid > 0 && (namespaces & CLONE_NEWUSER) != 0) return userns::WriteMaps(pid, map);
    return Ok();
  };
  const Status spawned = spawn();
  if (pid == 0) InitMain(birth, sync, stdio, preserved);
  if (!spawned.ok()) {
    if (pid > 0) sys::PidfdSendSignal(pidfd.get(), SIGKILL);
    ::_exit(sync.SendError(Stage::kClone, spawned.error()).ok() ? 125 : 124);
  }
  ::_exit(sync.Send(Msg::kJoined, Stage::kClone, std::to_string(pid), pidfd.get()).ok() ? 0 : 124);
}

}  // namespace ctool::runtime
