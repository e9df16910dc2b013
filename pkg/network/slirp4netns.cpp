// SPDX-License-Identifier: Apache-2.0
#include "network/slirp4netns.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "network/pipe_internal.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

constexpr int kReadyFd = 3, kExitFd = 4;  // their numbers in slirp4netns

bool MayEnterNamespaces() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  return ::syscall(SYS_capget, &header, data.data()) == 0 && (data[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
}

}  // namespace

Result<BackendProcess> StartSlirp(const std::vector<std::string>& command, pid_t pid, const std::string& api_socket) {
  Pipe ready = TRY(MakePipe());
  Pipe exit = TRY(MakePipe());
  Pipe errors = TRY(MakePipe());
  sys::SpawnOptions options;
  options.argv = command;
  // PID, not --netns-type=path with --userns-path: with those, version 1.2.0 enters the user
  // namespace for the tap device only and then fails to set up its sandbox ("setegid(0)").
  for (const std::string& argument :
       {"--ready-fd=" + std::to_string(kReadyFd), "--exit-fd=" + std::to_string(kExitFd),
        std::to_string(pid), std::string("tap0")})
    options.argv.push_back(argument);
  options.fds = {{ready.write.get(), kReadyFd},
                 {exit.read.get(), kExitFd},
                 {errors.write.get(), STDERR_FILENO}};
  // Started as uid 0, it takes itself for privileged and stays out of the user namespace. Root of a container that has not
  // been given CAP_SYS_ADMIN is not: there it is started inside.
  sys::Fd user;
  if (::geteuid() == 0 && !MayEnterNamespaces()) {
    user = TRY(sys::Open("/proc/" + std::to_string(pid) + "/ns/user", O_RDONLY));
    options.user_namespace = user.get();
    options.await_exec = false;
  }
  // It binds the socket by its name in this folder, see SlirpCommand.
  sys::Fd folder;
  if (!api_socket.empty()) {
    folder = TRY(sys::Open(api_socket.substr(0, api_socket.rfind('/')), O_PATH | O_DIRECTORY));
    options.folder = folder.get();
  }
  // The death signal of Spawn covers the time until it enters the user namespace, which clears it;
  // from then on the exit descriptor tells it of our end.
  // Its uid is the container's 0, which need not be ours: the socket must be open to all who get as far as its folder, and
  // that is ours alone. (We have one thread.)
  const mode_t before = ::umask(api_socket.empty() ? 0077 : 0);
  Result<sys::Child> spawned = sys::Spawn(options);
  ::umask(before);
  sys::Child child = TRY(std::move(spawned));
  return BackendProcess{std::move(child), std::move(ready.read), std::move(exit.write), std::move(errors.read)};
}

}  // namespace ctool::network
