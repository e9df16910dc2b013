// SPDX-License-Identifier: Apache-2.0
//
// ctool-monitor supervise           supervises one container; descriptor 3 is the command that asks
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
  if (argc == 2 && std::strcmp(argv[1], "supervise") == 0) {
    constexpr int kCommand = 3;
    ::fcntl(kCommand, F_SETFD, FD_CLOEXEC);
    sys::CloseRange(kCommand + 1, ~0U, 0);
    return monitor::Supervise(runtime::SyncSocket(sys::Fd(kCommand)));
  }
  Log(LogLevel::kError, "this program is started by ctool");
  return 125;
}
