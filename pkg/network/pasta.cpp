// SPDX-License-Identifier: Apache-2.0
#include "network/pasta.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "network/pipe_internal.hpp"
#include "sys/file.hpp"

namespace ctool::network {
namespace {

bool Has(const std::vector<std::string>& command, std::string_view letter, std::string_view word) {
  return std::any_of(command.begin(), command.end(), [&](const std::string& argument) {
    return argument == letter || argument == word || argument.compare(0, word.size() + 1, std::string(word) + "=") == 0;
  });
}

std::string Range(uint16_t first, uint16_t count) {
  const std::string text = std::to_string(first);
  return count == 1 ? text : text + "-" + std::to_string(first + count - 1);
}

}  // namespace

std::vector<std::string> PastaPorts(const std::vector<PortMapping>& ports) {
  std::vector<std::string> arguments;
  for (const PortMapping& m : ports) {
    arguments.emplace_back(m.protocol == "udp" ? "-u" : "-t");
    arguments.push_back((m.host_ip.empty() ? "" : m.host_ip + "/") + Range(m.host_port, m.count) + ":" +
                        Range(m.container_port, m.count));
  }
  return arguments;
}

Result<BackendProcess> StartPasta(const std::vector<std::string>& command, pid_t pid,
                                  const std::vector<PortMapping>& ports) {
  const std::string ns = "/proc/" + std::to_string(pid) + "/ns/";
  const sys::Fd user = TRY(sys::Open(ns + "user", O_RDONLY));
  const sys::Fd net = TRY(sys::Open(ns + "net", O_RDONLY));
  Pipe ready = TRY(MakePipe());
  Pipe errors = TRY(MakePipe());
  sys::SpawnOptions options;
  options.argv = command;
  for (std::string& argument : PastaPorts(ports)) options.argv.push_back(std::move(argument));
  if (!Has(options.argv, "-t", "--tcp-ports")) options.argv.insert(options.argv.end(), {"-t", "none"});
  if (!Has(options.argv, "-u", "--udp-ports")) options.argv.insert(options.argv.end(), {"-u", "none"});
  // Only the standard descriptors stay open in it. The network namespace comes as one because pasta gives up the
  // capability to open /proc/PID/ns before it does so; the pid "file", written when all is set up, says that it is ready.
  options.argv.insert(options.argv.end(), {"--netns", "/proc/self/fd/0", "--no-netns-quit", "--pid", "/proc/self/fd/1"});
  options.fds = {{net.get(), STDIN_FILENO}, {ready.write.get(), STDOUT_FILENO}, {errors.write.get(), STDERR_FILENO}};
  // In the user namespace from the beginning, it changes no credentials that would clear its death signal.
  options.user_namespace = user.get();
  options.await_exec = false;
  sys::Child child = TRY(sys::Spawn(options));
  return BackendProcess{std::move(child), std::move(ready.read), sys::Fd(), std::move(errors.read)};
}

}  // namespace ctool::network
