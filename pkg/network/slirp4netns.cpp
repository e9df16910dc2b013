// SPDX-License-Identifier: Apache-2.0
#include "network/slirp4netns.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace ctool::network {
namespace {

constexpr char kTun[] = "/dev/net/tun";
constexpr size_t kMaxErrors = 16 << 10;
constexpr int kReadyFd = 3, kExitFd = 4;  // their numbers in slirp4netns

struct Pipe {
  sys::Fd read, write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  return Pipe{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

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

// What slirp4netns says in good times too.
bool IsNoise(const std::string& line) {
  return line.empty() || StartsWith(line, "sent tapfd") || StartsWith(line, "received tapfd") ||
         StartsWith(line, "WARNING: Support for") || StartsWith(line, "child failed") ||
         StartsWith(line, "parent failed") || line == "exitfd event";
}

Error DescribeFailure(const std::string& errors, const sys::ExitStatus& status) {
  if (errors.find(kTun) != std::string::npos) {
    Status tun = CheckTunDevice();
    if (!tun.ok()) return std::move(tun).error();
  }
  std::vector<std::string> lines;
  for (const std::string& line : Split(errors, '\n'))
    if (!IsNoise(line)) lines.push_back(Printable(line));
  return Error(Code::kNetwork, "slirp4netns " + status.Describe() +
                                   (lines.empty() ? "" : ": " + Join(lines, "; ")));
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
              "'--device /dev/net/tun', or use --network=host or --network=none");
    case EACCES:
    case EPERM:
      return Error(Code::kPermission,
                   "user-mode networking needs /dev/net/tun, which you may not open")
          .Hint(
              "an administrator can allow it: chmod 0666 /dev/net/tun (the distributions' "
              "default); or use --network=host or --network=none");
    default:
      return Error::Sys(errno, "access", kTun);
  }
}

Result<SlirpProcess> StartSlirp(const std::vector<std::string>& command, pid_t pid) {
  TRY(CheckTunDevice());
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
  // The death signal of Spawn covers the time until it enters the user namespace, which clears it;
  // from then on the exit descriptor tells it of our end.
  sys::Child child = TRY(sys::Spawn(options));
  return SlirpProcess{std::move(child), std::move(ready.read), std::move(exit.write),
                      std::move(errors.read)};
}

Status FinishSlirpStart(SlirpProcess& slirp) {
  char byte = 0;
  ssize_t n;
  while ((n = ::read(slirp.ready.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  slirp.ready.Reset();
  if (n == 1) {
    // Nobody reads what it says from now on; it ignores SIGPIPE, so that a write just fails.
    slirp.errors.Reset();
    return Ok();
  }
  slirp.exit.Reset();  // should it live on without its ready descriptor, this ends it
  const std::string errors = ReadErrors(slirp.errors.get());
  const sys::ExitStatus status = TRY(slirp.child.Wait());
  return DescribeFailure(errors, status);
}

std::optional<std::vector<std::string>> WithoutUnknownOption(
    const std::vector<std::string>& command, const Error& failure) {
  for (const char* option : {"--enable-sandbox", "--enable-seccomp"}) {
    if (failure.text().find("unrecognized option '" + std::string(option)) == std::string::npos)
      continue;
    std::vector<std::string> rest = command;
    rest.erase(std::remove(rest.begin(), rest.end(), option), rest.end());
    if (rest.size() < command.size()) return rest;
  }
  return std::nullopt;
}

}  // namespace ctool::network
