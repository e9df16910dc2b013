// SPDX-License-Identifier: Apache-2.0
//
// ctool-monitor supervise BUNDLE    supervises one container; descriptor 3 is the command
//                              that asked, 4 the container's lock
// ctool-monitor init -- COMMAND...  PID 1 inside a container made with --init
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <initializer_list>

#include "base/log.hpp"
#include "monitor/init_program.hpp"
#include "monitor/monitor.hpp"
#include "sys/syscalls.hpp"

int main(int argc, char** argv) {
  using namespace ctool;
  const char* name = std::strrchr(argv[0], '/');
  name = name == nullptr ? argv[0] : name + 1;
  if (std::strcmp(name, "podman-init") == 0) return monitor::InitProgram(argc, argv);
  if (argc == 3 && std::strcmp(argv[1], "supervise") == 0) {
    // 4 is the container's lock: nothing is done with it but to hold it until we end.
    constexpr int kCommand = 3, kLock = 4;
    for (const int fd : {kCommand, kLock}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    sys::CloseRange(kLock + 1, ~0U, 0);
    return monitor::Supervise(argv[2], runtime::SyncSocket(sys::Fd(kCommand)));
  }
  Log(LogLevel::kError, "this program is started by ctool");
  return 125;
}
