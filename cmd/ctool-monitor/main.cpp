// SPDX-License-Identifier: Apache-2.0
//
// ctool-monitor supervise           supervises one container; descriptor 3 is the command that asks
// ctool-monitor session             runs one process in a container whose monitor was killed; descriptor 3 as above
// ctool-monitor network             keeps the namespaces of the bridge networks; descriptor 3 as above
// ctool-monitor init -- COMMAND...  PID 1 inside a container made with --init
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <initializer_list>

#include "base/log.hpp"
#include "base/trace.hpp"
#include "monitor/init_program.hpp"
#include "monitor/monitor.hpp"
#include "monitor/session.hpp"
#include "monitor/shared_network.hpp"
#include "sys/syscalls.hpp"

int main(int argc, char** argv) {
  using namespace ctool;
  const char* name = std::strrchr(argv[0], '/');
  name = name == nullptr ? argv[0] : name + 1;
  if (std::strcmp(name, "podman-init") == 0) return monitor::InitProgram(argc, argv);
  const bool supervise = argc == 2 && std::strcmp(argv[1], "supervise") == 0;
  const bool session = argc == 2 && std::strcmp(argv[1], "session") == 0;
  const bool network = argc == 2 && std::strcmp(argv[1], "network") == 0;
  if (supervise || session || network) {
    constexpr int kCommand = 3;
    ::fcntl(kCommand, F_SETFD, FD_CLOEXEC);
    sys::CloseRange(kCommand + 1, ~0U, 0);
    FollowParent("monitor");
    runtime::SyncSocket command{sys::Fd(kCommand)};
    if (network) return monitor::KeepSharedNetwork(std::move(command));
    return supervise ? monitor::Supervise(std::move(command)) : monitor::ServeSession(std::move(command));
  }
  Log(LogLevel::kError, "this program is started by ctool");
  return 125;
}
