// SPDX-License-Identifier: Apache-2.0
#include "network/backend.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/log.hpp"
#include "base/text.hpp"
#include "network/pasta.hpp"
#include "network/slirp4netns.hpp"

namespace ctool::network {
namespace {

constexpr char kTun[] = "/dev/net/tun";
constexpr size_t kMaxErrors = 16 << 10;

// Until the writer is gone: it has failed, so that is soon.
std::string ReadErrors(int fd) {
  std::string text;
  std::array<char, 1024> chunk;
  while (text.size() < kMaxErrors) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(chunk.data(), static_cast<size_t>(n));
  }
  return text;
}

// "1795352421.3044: text": pasta's clock says nothing to anybody.
std::string WithoutTime(const std::string& line) {
  const size_t end = line.find_first_not_of("0123456789.");
  const bool dated = end != std::string::npos && end > 0 && line.compare(end, 2, ": ") == 0;
  return dated ? line.substr(end + 2) : line;
}

// What they say in good times too.
bool IsNoise(const std::string& line) {
  return line.empty() || StartsWith(line, "sent tapfd") || StartsWith(line, "received tapfd") ||
         StartsWith(line, "WARNING: Support for") || StartsWith(line, "child failed") ||
         StartsWith(line, "parent failed") || line == "exitfd event" || StartsWith(line, "Failed to send");
}

Error DescribeFailure(const std::string& name, const std::string& errors, const sys::ExitStatus& status) {
  if (errors.find(kTun) != std::string::npos) {
    Status tun = CheckTunDevice();
    if (!tun.ok()) return std::move(tun).error();
  }
  std::vector<std::string> lines;
  for (const std::string& raw : Split(errors, '\n')) {
    const std::string line = WithoutTime(raw);
    if (StartsWith(line, "Usage:")) break;  // what is wrong came before
    if (!IsNoise(line)) lines.push_back(Printable(line));
  }
  return Error(Code::kNetwork, name + " " + status.Describe() + (lines.empty() ? "" : ": " + Join(lines, "; ")));
}

std::optional<std::vector<std::string>> Without(const std::vector<std::string>& command, const char* option) {
  std::vector<std::string> rest = command;
  rest.erase(std::remove(rest.begin(), rest.end(), option), rest.end());
  if (rest.size() == command.size()) return std::nullopt;
  return rest;
}

}  // namespace

Status CheckTunDevice() {
  if (::access(kTun, R_OK | W_OK) == 0) return Ok();
  switch (errno) {
    case ENOENT:  // no module, no udev, or a container without the device
    case ENODEV:
      return Error(Code::kNotFound, "user-mode networking needs /dev/net/tun, which does not exist")
          .Hint(
              "load the kernel module ('modprobe tun'), in a container pass "
              "'--device /dev/net/tun', or use --network=host or --network=none; see: ctool doctor");
    case EACCES:
    case EPERM:
      return Error(Code::kPermission,
                   "user-mode networking needs /dev/net/tun, which you may not open")
          .Hint(
              "an administrator can allow it: chmod 0666 /dev/net/tun (the distributions' "
              "default); or use --network=host or --network=none; see: ctool doctor");
    default:
      return Error::Sys(errno, "access", kTun);
  }
}

Result<BackendProcess> StartBackend(const Backend& backend, pid_t pid, const std::vector<PortMapping>& ports) {
  TRY(CheckTunDevice());
  return backend.name == kPasta ? StartPasta(backend.command, pid, ports) : StartSlirp(backend.command, pid, backend.api_socket);
}

Status FinishBackendStart(const Backend& backend, BackendProcess& process) {
  char byte = 0;
  ssize_t n;
  while ((n = ::read(process.ready.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  process.ready.Reset();
  if (n == 1) {
    // Nobody reads what it says from now on; it ignores SIGPIPE, so that a write just fails.
    process.errors.Reset();
    return Ok();
  }
  process.exit.Reset();  // should it live on without its ready descriptor, this ends it
  const std::string errors = ReadErrors(process.errors.get());
  const sys::ExitStatus status = TRY(process.child.Wait());
  return DescribeFailure(backend.name, errors, status);
}

std::optional<std::vector<std::string>> WithoutUnknownOption(
    const std::vector<std::string>& command, const Error& failure) {
  // It shuts itself up in /run, which sandboxes around us (bubblewrap's) may not have.
  if (failure.text().find("create_sandbox failed") != std::string::npos) return Without(command, "--enable-sandbox");
  for (const char* option : {"--enable-sandbox", "--enable-seccomp"}) {
    if (failure.text().find("unrecognized option '" + std::string(option)) == std::string::npos)
      continue;
    if (auto rest = Without(command, option)) return rest;
  }
  return std::nullopt;
}

Status AwaitBackend(Backend& backend, BackendProcess& process, pid_t pid, const std::vector<PortMapping>& ports) {
  for (;;) {
    const Status ready = FinishBackendStart(backend, process);
    if (ready.ok()) return ready;
    // The user hears of it, and the container runs.
    auto fewer = WithoutUnknownOption(backend.command, ready.error());
    if (!fewer) return ready;
    const bool old = ready.error().text().find("unrecognized option") != std::string::npos;
    Warn((old ? "this slirp4netns is too old for all of its sandbox options: " : "slirp4netns runs here without a part of its own sandbox: ") +
         ready.error().Message());
    backend.command = std::move(*fewer);
    process = TRY(StartBackend(backend, pid, ports));
  }
}

Status CheckForward(const std::string& backend, const PortMapping& mapping, bool any_address) {
  if (mapping.protocol != "tcp" && mapping.protocol != "udp")
    return Error(Code::kUnsupported, backend + " can't forward " + mapping.protocol + " ports");
  if (backend == kSlirp4netns && !any_address && mapping.host_ip.find(':') != std::string::npos)
    return Error(Code::kUnsupported,
                 "slirp4netns can't forward ports of the IPv6 address [" + mapping.host_ip + "]")
        .Hint("leave port_handler=slirp4netns away, or publish on an IPv4 address");
  return Ok();
}

}  // namespace ctool::network
