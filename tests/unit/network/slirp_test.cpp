// SPDX-License-Identifier: Apache-2.0
//
// The real slirp4netns on a real network namespace, as an unprivileged user (when the tests run as
// root, they become one) and as root.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/clock.hpp"
#include "network/loopback.hpp"
#include "network/slirp4netns.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::network {
namespace {

constexpr uid_t kUser = 61'234;

// Stops the body of a child with a text that becomes the test's failure.
#define NEED(cond)                                                                     \
  do {                                                                                 \
    if (!(cond)) return std::string(#cond) + " (errno " + std::to_string(errno) + ")"; \
  } while (0)
#define NEED_OK(status)                                                                  \
  do {                                                                                   \
    if (!(status).ok()) return std::string(#status) + ": " + (status).error().Message(); \
  } while (0)

// Runs `body` in a child that is `uid` and returns what it returned: empty is success.
std::string RunAs(uid_t uid, const std::function<std::string()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "pipe2";
  const pid_t pid = ::fork();
  if (pid < 0) return "fork";
  if (pid == 0) {
    ::close(ends[0]);
    std::string text;
    if (uid != ::getuid() && (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0))
      text = "can't become uid " + std::to_string(uid);
    ::prctl(PR_SET_DUMPABLE, 1);  // cleared by the change of ids; /proc/PID/uid_map needs it
    if (text.empty()) text = body();
    ::_exit(::write(ends[1], text.data(), text.size()) < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::string text;
  char chunk[512];
  for (ssize_t n; (n = ::read(ends[0], chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : "child crashed: " + text;
}

sockaddr_in At(uint32_t address, uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(address);
  at.sin_port = htons(port);
  return at;
}

sys::Fd Listen(uint32_t address, uint16_t& port) {
  sys::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at = At(address, port);
  socklen_t length = sizeof at;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), length) != 0 || ::listen(fd.get(), 8) != 0)
    return {};
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &length);
  port = ntohs(at.sin_port);
  return fd;
}

// A connection within two seconds, or none.
sys::Fd Connect(uint32_t address, uint16_t port) {
  sys::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_in at = At(address, port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return fd;
  if (errno != EINPROGRESS) return {};
  pollfd polled{fd.get(), POLLOUT, 0};
  if (::poll(&polled, 1, 2000) != 1) return {};
  int err = 0;
  socklen_t length = sizeof err;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &err, &length);
  if (err != 0) return {};
  return fd;
}

bool WriteProc(pid_t pid, const char* file, const std::string& text) {
  const int fd =
      ::open(("/proc/" + std::to_string(pid) + "/" + file).c_str(), O_WRONLY | O_CLOEXEC);
  const bool ok =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return ok;
}

// A process in user and network namespaces of its own; `inside` runs there after the id map is
// written.
struct Container {
  sys::Child child;
  sys::Fd control;  // the other end is inside()'s argument
};

Result<Container> StartContainer(const std::function<void(int control)>& inside) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return Error::Sys(errno, "socketpair");
  sys::Fd ours(ends[0]), theirs(ends[1]);
  sys::Child child = TRY(sys::Child::Clone(CLONE_NEWUSER | CLONE_NEWNET));
  if (child.in_child()) {
    ours.Reset();
    char byte;
    if (::read(theirs.get(), &byte, 1) == 1) inside(theirs.get());
    ::_exit(0);
  }
  theirs.Reset();
  const std::string map = "0 " + std::to_string(::getuid()) + " 1";
  if (!WriteProc(child.pid(), "setgroups", "deny") || !WriteProc(child.pid(), "uid_map", map) ||
      !WriteProc(child.pid(), "gid_map", "0 " + std::to_string(::getgid()) + " 1"))
    return Error(Code::kIo, "write id map");
  if (::write(ours.get(), "m", 1) != 1) return Error::Sys(errno, "write");
  return Container{std::move(child), std::move(ours)};
}

const Backend kBackend = [] {
  Backend backend;
  backend.name = kSlirp4netns;
  return backend;
}();

class SlirpTest : public ::testing::TestWithParam<uid_t> {
 protected:
  void SetUp() override {
    if (GetParam() != ::getuid() && ::getuid() != 0) GTEST_SKIP() << "needs root, to become others";
    std::string missing;
    const Result<std::string> program = FindSlirp("", {});
    if (!program.ok()) missing = program.error().Message();
    if (missing.empty())
      missing = RunAs(GetParam(), [] {
        const Status tun = CheckTunDevice();
        return tun.ok() ? std::string() : tun.error().Message();
      });
    if (missing.empty()) return;
    const char* must = std::getenv("CTOOL_TEST_MUST_WORK");
    if (must != nullptr && std::string(must) == "1") FAIL() << missing;
    GTEST_SKIP() << missing;
  }

  static Result<BackendProcess> Start(pid_t pid, const std::string& api_socket) {
    const std::string program = TRY(FindSlirp("", {}));
    const std::vector<std::string> command = TRY(SlirpCommand(program, {}, api_socket));
    return StartSlirp(command, pid, api_socket);
  }
};

// Sends `text` over the control socket.
void Tell(int control, const std::string& text) {
  if (::write(control, text.data(), text.size()) < 0) ::_exit(1);
}
std::string Hear(const sys::Fd& control) {
  char text[256];
  const ssize_t n = ::read(control.get(), text, sizeof text);
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : "";
}

// Inside: serves port 8080, answering with the client's address; on "c" tries the host's loopback.
void ServeInside(int control, uint16_t host_port) {
  if (BringLoopbackUp() != 0) ::_exit(1);
  uint16_t port = 8080;
  const sys::Fd server = Listen(INADDR_ANY, port);
  Tell(control, server ? "listening" : "no server");
  for (;;) {
    pollfd polled[2] = {{control, POLLIN, 0}, {server.get(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0) ::_exit(1);
    if (polled[0].revents != 0) {
      char byte;
      if (::read(control, &byte, 1) != 1) ::_exit(0);
      const bool reached = static_cast<bool>(Connect(0x0A000202, host_port));  // 10.0.2.2
      Tell(control, reached ? "reached" : "denied");
    }
    if (polled[1].revents != 0) {
      sockaddr_in peer{};
      socklen_t length = sizeof peer;
      const sys::Fd client(
          ::accept4(server.get(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC));
      Tell(client.get(), ::inet_ntoa(peer.sin_addr));
    }
  }
}

std::string FieldOfStatus(pid_t pid, const std::string& field) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.compare(0, field.size() + 1, field + ":") == 0) return line.substr(field.size() + 2);
  return "";
}

TEST_P(SlirpTest, ContainerHasANetworkAndItsPortsAreForwarded) {
  const std::string failure = RunAs(GetParam(), []() -> std::string {
    char folder[] = "/tmp/ctool-slirp-XXXXXX";
    NEED(::mkdtemp(folder) != nullptr);
    const std::string deep = std::string(folder) + "/" + std::string(120, 'x');  // longer than a socket address
    NEED(::mkdir(deep.c_str(), 0700) == 0);
    const std::string api = deep + "/api.sock";
    uint16_t loopback_port = 0;
    const sys::Fd on_loopback = Listen(INADDR_LOOPBACK, loopback_port);
    NEED(on_loopback);
    Result<Container> container =
        StartContainer([&](int control) { ServeInside(control, loopback_port); });
    NEED_OK(container);
    NEED(Hear(container->control) == "listening");

    const int64_t before = MonotonicNanos();
    Result<BackendProcess> slirp = Start(container->child.pid(), api);
    NEED_OK(slirp);
    pollfd polled{slirp->ready.get(), POLLIN, 0};
    NEED(::poll(&polled, 1, 5000) == 1);
    const Status finished = FinishBackendStart(kBackend, *slirp);
    NEED_OK(finished);
    std::printf("slirp4netns ready after %.1f ms\n",
                static_cast<double>(MonotonicNanos() - before) / 1e6);
    std::fflush(stdout);
    NEED(FieldOfStatus(slirp->child.pid(), "Seccomp") == "2");
    NEED(FieldOfStatus(slirp->child.pid(), "NoNewPrivs") == "1");

    std::vector<PortMapping> ports = {{"127.0.0.1", 0, 8080, 1, "tcp"}};
    const Status chosen = ChooseHostPorts(ports);
    NEED_OK(chosen);
    const Status added = AddHostForward(api, ports[0], "10.0.2.100");
    NEED_OK(added);
    const Status again = AddHostForward(api, ports[0], "10.0.2.100");
    NEED(!again.ok() && again.error().code() == Code::kBusy);
    const sys::Fd client = Connect(INADDR_LOOPBACK, ports[0].host_port);
    NEED(client);
    pollfd answer{client.get(), POLLIN, 0};
    NEED(::poll(&answer, 1, 5000) == 1);
    const std::string peer = Hear(client);
    if (peer != "10.0.2.2") return "the container saw the client as " + peer;

    Tell(container->control.get(), "c");
    const std::string loopback = Hear(container->control);
    if (loopback != "denied") return "the host's loopback was " + loopback;

    slirp->exit.Reset();
    const Result<sys::ExitStatus> status = slirp->child.Wait();
    NEED_OK(status);
    NEED(status->code == 0);
    std::filesystem::remove_all(folder);
    return "";
  });
  EXPECT_EQ(failure, "");
}

TEST_P(SlirpTest, DiesWithItsMonitor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t monitor = ::fork();
  ASSERT_GE(monitor, 0);
  if (monitor == 0) {
    const std::string failure = RunAs(GetParam(), [&]() -> std::string {
      Result<Container> container = StartContainer([](int) { ::pause(); });
      NEED_OK(container);
      Result<BackendProcess> slirp = Start(container->child.pid(), "");
      NEED_OK(slirp);
      const Status finished = FinishBackendStart(kBackend, *slirp);
      NEED_OK(finished);
      const pid_t pids[2] = {slirp->child.pid(), container->child.pid()};
      NEED(::write(ends[1], pids, sizeof pids) == sizeof pids);
      ::kill(::getpid(), SIGKILL);
      return "";
    });
    ::_exit(failure.find("crashed: ") == std::string::npos ? 1 : 0);
  }
  ::close(ends[1]);
  pid_t pids[2] = {0, 0};
  ASSERT_EQ(::read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  ::close(ends[0]);
  const sys::Fd gone(sys::PidfdOpen(pids[0], 0));
  if (gone) {
    pollfd polled{gone.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&polled, 1, 5000), 1) << "slirp4netns outlived its monitor";
  }
  ::kill(pids[1], SIGKILL);  // the container of this test has nobody left
  int status = 0;
  ASSERT_EQ(::waitpid(monitor, &status, 0), monitor);
  EXPECT_EQ(status, 0);
}

TEST_P(SlirpTest, FailureTellsWhy) {
  const std::string failure = RunAs(GetParam(), []() -> std::string {
    Result<BackendProcess> slirp = Start(0x3FFFFFFF, "");  // above any pid_max
    NEED_OK(slirp);
    const Status finished = FinishBackendStart(kBackend, *slirp);
    NEED(!finished.ok());
    return finished.error().Message();
  });
  EXPECT_EQ(failure.substr(0, 37), "slirp4netns exited with status 1: /pr") << failure;
  EXPECT_NE(failure.find("No such file or directory"), std::string::npos) << failure;
  EXPECT_EQ(failure.find("child failed"), std::string::npos) << failure;
}

INSTANTIATE_TEST_SUITE_P(As, SlirpTest, ::testing::Values(kUser, 0),
                         [](const auto& param) { return param.param == 0 ? "Root" : "User"; });

TEST(Loopback, ComesUpInANewNamespace) {
  const std::string failure = RunAs(::getuid() == 0 ? kUser : ::getuid(), []() -> std::string {
    Result<Container> container = StartContainer([](int control) {
      const bool down_before = !Connect(INADDR_LOOPBACK, 9);
      const int err = BringLoopbackUp();
      uint16_t port = 0;
      const sys::Fd server = Listen(INADDR_LOOPBACK, port);
      const bool works = server && Connect(INADDR_LOOPBACK, port);
      Tell(control, down_before && err == 0 && works ? "up" : "err " + std::to_string(err));
    });
    NEED_OK(container);
    return Hear(container->control);
  });
  EXPECT_EQ(failure, "up");
}

TEST(Loopback, WithoutPrivilegeIsAnErrno) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to become somebody without capabilities";
  EXPECT_EQ(RunAs(kUser, [] { return std::to_string(BringLoopbackUp()); }), std::to_string(EPERM));
}

// CheckTunDevice as the unprivileged user in a root folder that `prepare` has furnished.
std::string CheckTunIn(const std::function<bool(const std::string& folder)>& prepare) {
  char name[] = "/tmp/ctool-tun-XXXXXX";
  if (::mkdtemp(name) == nullptr) return "mkdtemp";
  const std::string folder = name;
  const std::string text = RunAs(0, [&]() -> std::string {
    NEED(prepare(folder) && ::chmod(folder.c_str(), 0755) == 0);
    NEED(::chroot(folder.c_str()) == 0 && ::setresuid(kUser, kUser, kUser) == 0);
    const Status status = CheckTunDevice();
    NEED(!status.ok());
    return status.error().Message() + " | " + status.error().hint();
  });
  std::filesystem::remove_all(folder);
  return text;
}

TEST(Tun, UnusableDeviceIsExplained) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to show itself another /dev";
  const std::string missing = CheckTunIn([](const std::string&) { return true; });
  EXPECT_NE(missing.find("/dev/net/tun, which does not exist | load the kernel module"),
            std::string::npos)
      << missing;
  const std::string closed = CheckTunIn([](const std::string& folder) {
    std::filesystem::create_directories(folder + "/dev/net");
    std::ofstream(folder + "/dev/net/tun") << "";
    return ::chmod((folder + "/dev/net/tun").c_str(), 0600) == 0;
  });
  EXPECT_NE(closed.find("which you may not open | an administrator can allow it: chmod 0666"),
            std::string::npos)
      << closed;
}

}  // namespace
}  // namespace ctool::network
