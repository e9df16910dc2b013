// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/text.hpp"
#include "doctor/checks_internal.hpp"
#include "engine/host_facts.hpp"
#include "network/backend.hpp"
#include "network/pasta.hpp"
#include "network/slirp4netns.hpp"
#include "sys/child.hpp"

namespace ctool::doctor {
namespace {

constexpr int kUsualWebPort = 80;

Finding Missing(const std::string& check, const std::string& package, std::string reason, std::string consequence) {
  Finding finding = Ill(State::kOff, check, std::move(reason), std::move(consequence));
  const std::optional<std::string> install = InstallCommand(package);
  if (install) return Mend(std::move(finding), By::kRoot, *install);
  return Advise(std::move(finding), "install the package " + package);
}

std::vector<std::string> HelperFolders(const Host& host) { return host.conf.helper_binaries_dir.value_or(std::vector<std::string>{}); }

Finding Backend(const Host& host, const char* name, const Result<std::string>& program, const char* package) {
  const bool is_default = host.backend == name;
  if (program.ok()) return Well(name, *program + (is_default ? ", the network of containers by default" : ""));
  Finding finding = Missing(name, package, program.error().Message(),
                            is_default ? "containers need --network none or host" : std::string("--network ") + name + " fails");
  finding.required = is_default;
  return finding;
}

}  // namespace

Finding CheckTun(Host& host) {
  const Status there = network::CheckTunDevice();
  if (there.ok()) return Well("tun", "/dev/net/tun can be opened");
  Finding finding = Ill(State::kOff, "tun", there.error().Message(), "containers need --network none or host");
  finding.required = !host.backend.empty();
  const bool missing = there.error().code() == Code::kNotFound;
  return Mend(std::move(finding), By::kRoot,
              missing ? "modprobe tun; [ -c /dev/net/tun ] || { mkdir -p /dev/net && mknod -m 0666 /dev/net/tun c 10 200; }" : "chmod 0666 /dev/net/tun");
}

Finding CheckSlirp(Host& host) {
  return Backend(host, network::kSlirp4netns, network::FindSlirp(host.conf.network_cmd_path.value_or(""), HelperFolders(host)), "slirp4netns");
}

Finding CheckPasta(Host& host) { return Backend(host, network::kPasta, network::FindPasta(HelperFolders(host)), "passt"); }

Finding CheckNetavark(Host& host) {
  constexpr char kConsequence[] = "networks with a name (--network bridge, network create) fail";
  const Result<std::string> program = engine::FindHelper(host.conf, "netavark");
  if (!program.ok()) return Missing("netavark", "netavark", "netavark is not installed", kConsequence);
  const std::string path = sys::ProgramPath();
  if (!sys::FindProgram("iptables", path).ok() && !sys::FindProgram("nft", path).ok())
    return Missing("netavark", "iptables", "netavark is there, but neither iptables nor nft", kConsequence);
  return Well("netavark", *program);
}

Finding CheckAardvark(Host& host) {
  const Result<std::string> program = engine::FindHelper(host.conf, "aardvark-dns");
  if (program.ok()) return Well("aardvark-dns", *program);
  return Missing("aardvark-dns", "aardvark-dns", "aardvark-dns is not installed", "containers do not find each other by name");
}

Finding CheckPorts(Host&) {
  const std::optional<std::string> text = Sysctl("net/ipv4/ip_unprivileged_port_start");
  const int64_t start = ::geteuid() == 0 ? 1 : ParseInt(text.value_or("")).value_or(1024);
  const std::string first = std::to_string(start);
  if (start <= kUsualWebPort) return Well("low-ports", "ports from " + first + " on can be published");
  Finding finding = Ill(State::kDegraded, "low-ports", "net.ipv4.ip_unprivileged_port_start is " + first, "ports below " + first + " (80, 443) can't be published");
  return Mend(std::move(finding), By::kRoot, SysctlCommand("net.ipv4.ip_unprivileged_port_start", std::to_string(kUsualWebPort)));
}

}  // namespace ctool::doctor
