// SPDX-License-Identifier: Apache-2.0
//
// A name server or a registry that does not answer would hold up whoever asks for a long time: children ask, and are
// killed when the time is up.
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "config/registries.hpp"
#include "doctor/checks_internal.hpp"
#include "sys/file.hpp"

namespace ctool::doctor {
namespace {

constexpr int64_t kPatienceNanos = 3'000'000'000;
constexpr size_t kMostRegistries = 4;  // of unqualified-search-registries

constexpr char kNoPull[] = "images can't be pulled or pushed by this name";

std::string FirstEnv(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "";
}

struct Address {
  std::string name, port;
};

// "host", "host:5000", "[::1]:5000"
Address ParseAddress(std::string_view text, std::string port) {
  const size_t close = text.find(']');
  const size_t colon = text.find(':', StartsWith(text, "[") && close != std::string_view::npos ? close : 0);
  std::string name(text.substr(0, colon));
  if (colon != std::string_view::npos) port = text.substr(colon + 1);
  if (StartsWith(name, "[") && EndsWith(name, "]")) name = name.substr(1, name.size() - 2);
  return {std::move(name), std::move(port)};
}

// "http://user@proxy:3128/"
Address ProxyAddress(std::string_view url) {
  const size_t scheme = url.find("://");
  std::string port = "80";
  if (scheme != std::string_view::npos) {
    if (url.substr(0, scheme) == "https") port = "443";
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find('/'));
  if (const size_t at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  return ParseAddress(url, std::move(port));
}

bool IsExempt(const std::string& name) {
  if (name == "localhost" || StartsWith(name, "127.") || name == "::1") return true;
  for (const std::string& raw : Split(FirstEnv({"no_proxy", "NO_PROXY"}), ',')) {
    std::string_view pattern = Trim(raw);
    if (pattern == "*" || pattern == name) return true;
    while (StartsWith(pattern, ".")) pattern.remove_prefix(1);
    if (!pattern.empty() && EndsWith(name, "." + std::string(pattern))) return true;
  }
  return false;
}

std::vector<std::string> RegistriesToAsk() {
  std::vector<std::string> hosts;
  if (const auto registries = config::Registries::Load(); registries.ok()) hosts = registries->search();
  if (hosts.empty()) hosts = {"docker.io"};
  hosts.resize(std::min(hosts.size(), kMostRegistries));
  return hosts;
}

void Say(int out, const std::string& line) {
  if (!sys::WriteAll(out, line + "\n", "answer").ok()) ::_exit(1);
}

std::string ConnectTo(const addrinfo& address) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return ::strerrordesc_np(errno);
  const int err = ::connect(socket, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  ::close(socket);
  return err == 0 ? "" : ::strerrordesc_np(err);
}

// The child's life.
[[noreturn]] void Ask(const std::string& name, const std::string& port, int out) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int err = ::getaddrinfo(name.c_str(), port.c_str(), &wanted, &found);
  if (err != 0) {
    Say(out, std::string("unknown ") + (err == EAI_SYSTEM ? ::strerrordesc_np(errno) : ::gai_strerror(err)));
    ::_exit(0);
  }
  Say(out, "resolved");
  std::string why = "it has no address";
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next)
    if ((why = ConnectTo(*a)).empty()) break;
  Say(out, why.empty() ? "connected" : "refused " + why);
  ::_exit(0);
}

}  // namespace

void Reach::Start(Probe& probe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) {
    probe.error = ::strerrordesc_np(errno);
    return;
  }
  probe.answer = sys::Fd(ends[0]);
  const sys::Fd write_end(ends[1]);
  probe.pid = ::fork();
  if (probe.pid == 0) Ask(probe.name, probe.port, write_end.get());
  if (probe.pid < 0) probe.error = ::strerrordesc_np(errno);
}

Reach Reach::Begin() {
  Reach reach;
  const std::string proxy = FirstEnv({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  for (const std::string& host : RegistriesToAsk()) {
    Probe probe;
    probe.host = host;
    Address address = ParseAddress(host.substr(0, host.find('/')), "443");
    if (address.name == "docker.io") address.name = "registry-1.docker.io";
    if (!proxy.empty() && !IsExempt(address.name)) {
      probe.via = " through the proxy " + ProxyAddress(proxy).name;
      address = ProxyAddress(proxy);
    }
    probe.name = address.name;
    probe.port = address.port;
    reach.Start(probe);
    reach.probes_.push_back(std::move(probe));
  }
  return reach;
}

Reach::~Reach() {
  for (Probe& probe : probes_) {
    if (probe.pid <= 0) continue;
    ::kill(probe.pid, SIGKILL);
    while (::waitpid(probe.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

void Reach::Collect(Probe& probe, int64_t deadline) {
  std::string text;
  std::array<char, 512> chunk;
  while (probe.answer) {
    const int64_t left = deadline - MonotonicNanos();
    pollfd polled{probe.answer.get(), POLLIN, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(std::max<int64_t>(0, left / 1'000'000)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      probe.silent = true;
      break;
    }
    const ssize_t n = ::read(probe.answer.get(), chunk.data(), chunk.size());
    if (n <= 0) break;
    text.append(chunk.data(), static_cast<size_t>(n));
  }
  for (const std::string& line : Split(text, '\n')) {
    if (line == "resolved") probe.resolved = true;
    if (line == "connected") probe.connected = true;
    if (const size_t blank = line.find(' '); blank != std::string::npos) probe.error = line.substr(blank + 1);
  }
  if (probe.silent) probe.error = "no answer within " + std::to_string(kPatienceNanos / 1'000'000'000) + " seconds";
}

std::vector<Finding> Reach::Findings() {
  const int64_t deadline = MonotonicNanos() + kPatienceNanos;
  Finding dns = Well("dns", ""), registry = Well("registry", "");
  std::vector<std::string> names, connected;
  for (Probe& probe : probes_) {
    Collect(probe, deadline);
    if (probe.resolved) names.push_back(probe.name);
    else if (dns.state == State::kOk)
      dns = Advise(Ill(State::kDegraded, "dns", Quote(probe.name) + " does not resolve: " + Printable(probe.error), kNoPull),
                   "name a server that answers in /etc/resolv.conf (nameserver ADDRESS)");
    if (probe.connected) connected.push_back(probe.host + probe.via);
    else if (registry.state == State::kOk)
      registry = Advise(Ill(State::kDegraded, "registry", Quote(probe.host) + probe.via + ", port " + probe.port + ": " + Printable(probe.error), kNoPull),
                        probe.via.empty() ? "is there a way to the network? Behind a proxy: export https_proxy=http://PROXY:PORT" : "is the proxy right? It is in the variable https_proxy");
  }
  if (dns.state == State::kOk) dns.reason = Join(names, ", ") + " resolved";
  if (registry.state == State::kOk) registry.reason = Join(connected, ", ") + " answered";
  return {dns, registry};
}

}  // namespace ctool::doctor
