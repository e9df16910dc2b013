// SPDX-License-Identifier: Apache-2.0
#include "network/netavark.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "base/text.hpp"
#include "network/shared.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/signals.hpp"
#include "sys/syscalls.hpp"

namespace ctool::network {
namespace {

constexpr int kNetnsFd = 3;
constexpr size_t kMaxOutput = 1 << 20;

Result<std::string> Contents(const sys::Fd& memory) {
  if (::lseek(memory.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek");
  return sys::ReadAll(memory.get(), "netavark's output", kMaxOutput);
}

// A bridge has the lowest hardware address of its ports, until it is given one. When a port with a lower one came (the
// next container), the neighbours would send to the old address for up to a minute, which the kernel then drops.
void FixAddress(const std::string& bridge) {
  const sys::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  if (!socket || bridge.size() >= IFNAMSIZ) return;
  bridge.copy(request.ifr_name, IFNAMSIZ - 1);
  // A bridge that isn't there any more needs none.
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) == 0) static_cast<void>(::ioctl(socket.get(), SIOCSIFHWADDR, &request));
}

// The process that executes netavark, and before it the one that enters the pid namespace by forking into it. Both are
// forks of a single-threaded process and may allocate.
struct Caller {
  const NetavarkOrder& order;
  const char* verb;
  int shared, netns, in, out, err;

  // A namespace with nothing in it, in place of one that is gone.
  static int EmptyNetns() {
    const int home = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0 || ::unshare(CLONE_NEWNET) < 0) return -1;
    const int empty = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return ::setns(home, CLONE_NEWNET) < 0 ? -1 : empty;
  }

  [[noreturn]] void Execute(pid_t parent) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent && ::getppid() != 0) ::_exit(125);  // 0: a parent outside of our pid namespace
    const int netns_fd = netns >= 0 ? netns : EmptyNetns();
    const int staged[] = {::fcntl(in, F_DUPFD_CLOEXEC, 10), ::fcntl(out, F_DUPFD_CLOEXEC, 10), ::fcntl(err, F_DUPFD_CLOEXEC, 10),
                          ::fcntl(netns_fd, F_DUPFD_CLOEXEC, 10)};
    for (int fd = 0; fd <= kNetnsFd; ++fd)
      if (staged[fd] < 0 || ::dup2(staged[fd], fd) < 0) ::_exit(124);
    sys::CloseRange(kNetnsFd + 1, ~0U, 0);
    std::vector<std::string> argv = {order.program, "--config", kSharedState, "--rootless", "true"};
    if (!order.aardvark.empty()) argv.insert(argv.end(), {"--aardvark-binary", order.aardvark});
    argv.insert(argv.end(), {verb, "/proc/self/fd/" + std::to_string(kNetnsFd)});
    std::vector<char*> pointers;
    for (std::string& word : argv) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char* const environment[] = {path, nullptr};
    ::execve(pointers[0], pointers.data(), environment);
    const std::string text = Error::Sys(errno, "execute", order.program).Message();
    [[maybe_unused]] const ssize_t said = ::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(127);
  }

  [[noreturn]] void Run() const {
    sys::ResetSignals();
    // Ours until netavark has ended. A file that can't be opened is no reason not to go on.
    const int lock = ::open(order.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (lock >= 0 && ::flock(lock, LOCK_EX) < 0 && errno == EINTR) {
    }
    const Status entered = EnterShared(shared);
    // Entering it has taken the death signal off.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!entered.ok()) {
      const std::string text = entered.error().Message();
      [[maybe_unused]] const ssize_t said = ::write(err, text.data(), text.size());
      ::_exit(124);
    }
    const pid_t self = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) ::_exit(124);
    if (pid == 0) Execute(self);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (std::strcmp(verb, "setup") == 0)
      for (const std::string& bridge : order.bridges) FixAddress(bridge);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
  }
};

// {"error":"..."}, whose text is netavark's own.
std::string ErrorIn(const std::string& out) {
  const std::string key = "{\"error\":\"";
  const size_t at = out.find(key);
  if (at == std::string::npos) return "";
  const size_t end = out.rfind("\"}");
  return end == std::string::npos || end < at + key.size() ? "" : out.substr(at + key.size(), end - at - key.size());
}

}  // namespace

Result<NetavarkCall> NetavarkCall::Start(const NetavarkOrder& order, Verb verb, int shared, int netns) {
  const sys::Fd in = TRY(sys::MemoryFile("netavark-request", order.request));
  sys::Fd out = TRY(sys::MemoryFile("netavark-out")), err = TRY(sys::MemoryFile("netavark-err"));
  sys::Child child = TRY(sys::Child::Clone(0));
  if (child.in_child())
    Caller{order, verb == Verb::kSetup ? "setup" : "teardown", shared, netns, in.get(), out.get(), err.get()}.Run();
  return NetavarkCall(std::move(child), std::move(out), std::move(err));
}

Result<std::string> NetavarkCall::Finish() {
  const sys::ExitStatus status = TRY(child_.Wait());
  std::string out = TRY(Contents(out_));
  if (status.ok()) return out;
  std::string words = ErrorIn(out);
  if (words.empty()) words = std::string(Trim(TRY(Contents(err_))));
  return Error(Code::kInternal, "netavark " + status.Describe() + (words.empty() ? "" : ": " + Printable(words)));
}

}  // namespace ctool::network
