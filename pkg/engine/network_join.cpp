// SPDX-License-Identifier: Apache-2.0
#include "engine/network_join_internal.hpp"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "bridge/attachment.hpp"
#include "engine/containers.hpp"
#include "engine/monitor_process.hpp"
#include "engine/sandbox_internal.hpp"
#include "engine/settle_internal.hpp"
#include "monitor/bridge.hpp"
#include "network/netavark.hpp"
#include "network/slirp4netns.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"
#include "sys/procfs.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::ordered_json;

// Where the distributions put what nobody calls by hand.
std::vector<std::string> HelperFolders(const config::ContainersConf& conf) {
  std::vector<std::string> folders = conf.helper_binaries_dir.value_or(std::vector<std::string>{});
  for (const char* folder : {"/usr/local/libexec/podman", "/usr/local/lib/podman", "/usr/libexec/podman", "/usr/lib/podman"})
    folders.emplace_back(folder);
  return folders;
}

}  // namespace

Result<std::string> FindHelper(const config::ContainersConf& conf, const std::string& name) {
  return sys::FindProgram(name, Join(HelperFolders(conf), ":") + ":" + sys::ProgramPath());
}

Result<network::NetavarkOrder> FindNetavark(Engine& engine, bool names) {
  const config::ContainersConf& conf = *TRY(engine.Conf());
  Result<std::string> netavark = FindHelper(conf, "netavark");
  if (!netavark.ok())
    return Error(Code::kNotFound, "bridge networks need netavark, which is not installed")
        .Hint("install the packages netavark and aardvark-dns, or use --network=slirp4netns; see: ctool doctor");
  // Debian's package does not depend on what it executes; a newer netavark takes nftables.
  const std::string path = sys::ProgramPath();
  if (!sys::FindProgram("iptables", path).ok() && !sys::FindProgram("nft", path).ok())
    return Error(Code::kNotFound, "bridge networks need iptables (or nftables, with a newer netavark), which is not installed")
        .Hint("install the package iptables, or use --network=slirp4netns; see: ctool doctor");
  network::NetavarkOrder order;
  order.program = *netavark;
  order.lock = TRY(SharedNetworkFolder(engine)).NetavarkLock();
  const Result<std::string> aardvark = FindHelper(conf, "aardvark-dns");
  if (aardvark.ok()) order.aardvark = *aardvark;
  else if (names) Warn("aardvark-dns is not installed: containers do not find each other by name");
  return order;
}

namespace {

// Whether a container still has the addresses that it took.
bool HoldsAddresses(Engine& engine, const std::string& id) {
  const auto holds = [&]() -> Result<bool> {
    if (TRY(FindProcess(engine, id))) return true;
    const Result<sys::FileLock> lock = TryLock(TRY(FilesOf(engine, id)));
    return !lock.ok() && lock.error().code() == Code::kBusy;
  };
  const Result<bool> held = holds();
  return held.ok() && *held;
}

// A program of ours makes them; it answers once they are there.
Result<network::SharedMember> StartShared(Engine& engine, const network::SharedFolder& folder) {
  TRY(network::CheckTunDevice());
  monitor::Sandbox order;
  order.map = TRY(userns::DefaultMap());
  order.shared_dir = folder.path;
  order.network = TRY(SlirpUplink(*TRY(engine.Conf()), folder.SlirpSocket()));
  const runtime::SyncSocket keeper = TRY(StartKeeper(engine));
  TRY(keeper.Send(runtime::Msg::kSandbox, runtime::Stage::kNetwork, order.Print()));
  runtime::Frame frame;
  if (!TRY(keeper.Receive(frame))) return Error(Code::kInternal, "the process that keeps the networks died");
  if (frame.header.msg == runtime::Msg::kFailed) return runtime::FrameError(frame).Wrap("make the networks' namespaces");
  // The keeper waits for our hanging up, which is after this.
  return network::JoinShared(folder);
}

std::vector<std::string> Strings(const Json& from, const char* key) {
  std::vector<std::string> out;
  const auto it = from.find(key);
  if (it == from.end() || !it->is_array()) return out;
  for (const Json& item : *it)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

Json ReadJson(const std::string& path) {
  const Result<std::string> text = sys::ReadFile(path);
  return text.ok() ? Json::parse(*text, nullptr, false) : Json();
}

// {"net":{"interfaces":{"eth0":{"mac_address":...}}}}
std::string MacOf(const Json& status, const std::string& network, const std::string& interface) {
  const Json::json_pointer path = Json::json_pointer() / network / "interfaces" / interface / "mac_address";
  return status.is_object() && status.contains(path) && status[path].is_string() ? status[path].get<std::string>() : "";
}

}  // namespace

SandboxOrigin::~SandboxOrigin() {
  for (const std::string& file : leases)
    if (::unlink(file.c_str()) < 0 && errno != ENOENT) Debug(Error::Sys(errno, "remove", file).Message());
}

Result<bridge::Connected> TakePlace(Engine& engine, const std::string& container, const network::SharedFolder& folder,
                                    const bridge::Attachment& wanted, std::vector<std::string>& files) {
  bridge::Definition network = TRY(TRY(Networks(engine)).Find(wanted.network));
  std::vector<std::string> addresses =
      TRY(bridge::TakeAddresses(folder.Leases(network.name), container, network, wanted,
                                [&](const std::string& id) { return HoldsAddresses(engine, id); }, files));
  return bridge::Connected{std::move(network), wanted, std::move(addresses)};
}

Result<bridge::Catalog> Networks(Engine& engine) { return bridge::Catalog(TRY(engine.Store())->root() + "/networks"); }

Result<network::SharedFolder> SharedNetworkFolder(Engine& engine) {
  const std::string run_root = TRY(engine.Paths())->run_root;
  static_cast<void>(TRY(sys::OpenPrivateDir(run_root)));
  const network::SharedFolder folder{run_root + "/network"};
  TRY(sys::MakeDirs(folder.path, 0700));
  return folder;
}

Status JoinBridges(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin) {
  const network::SharedFolder folder = TRY(SharedNetworkFolder(engine));
  const std::string run_dir = TRY(engine.RunDir(spec.id, true));
  const sys::FileLock lock = TRY(sys::FileLock::Acquire(folder.Lock(), sys::FileLock::Mode::kExclusive));
  Result<network::SharedMember> joined = network::JoinShared(folder);
  network::SharedMember member = joined.ok() ? std::move(joined).value() : TRY(StartShared(engine, folder));
  std::vector<bridge::Connected> connected;
  for (const bridge::Attachment& network : spec.networks)
    connected.push_back(TRY(TakePlace(engine, spec.id, folder, network, origin.leases)));
  bool names = false;
  for (const bridge::Connected& c : connected) names = names || c.network.dns;
  sandbox.netavark = TRY(FindNetavark(engine, names));
  if (sandbox.netavark.aardvark.empty())
    for (bridge::Connected& c : connected) c.network.dns = false;
  const monitor::BridgeFiles files{run_dir};
  TRY(sys::WriteFileAtomic(files.Leases(), Join(origin.leases, "\n") + "\n", 0600, sys::Durability::kNone));
  TRY(sys::WriteFileAtomic(files.Request(), bridge::NetavarkRequest(spec.id, spec.name, connected), 0600, sys::Durability::kNone));
  sandbox.shared_dir = folder.path;
  sandbox.joined = {{CLONE_NEWUSER}};
  sandbox.below = TRY(userns::MapBelow(sandbox.map, member.pid));
  origin.descriptors.push_back(std::move(member.init));
  origin.alive = std::move(member.alive);
  return Ok();
}

std::string NetworkModeText(const ContainerSpec& spec) {
  if (spec.network_mode != "bridge") return spec.network_mode;
  std::vector<std::string> names;
  for (const bridge::Attachment& network : spec.networks) names.push_back(network.network);
  return "bridge:" + Join(names, ",");
}

std::vector<std::string> NetworksOf(const state::Container& record) {
  constexpr std::string_view kPrefix = "bridge:";
  if (!StartsWith(record.network_mode, kPrefix) || record.network_mode.size() == kPrefix.size()) return {};
  return Split(std::string_view(record.network_mode).substr(kPrefix.size()), ',');
}

std::string NetworkOwner(const ContainerSpec& spec) {
  constexpr std::string_view kPrefix = "container:";
  return StartsWith(spec.network_mode, kPrefix) ? spec.network_mode.substr(kPrefix.size()) : "";
}

Result<LiveProcess> RunningOwner(Engine& engine, const std::string& id, const std::string& what) {
  std::optional<LiveProcess> live = TRY(FindProcess(engine, id));
  if (!live) {
    static_cast<void>(TRY_CTX("start the container whose " + what + " is to be used", Start(engine, id, {})));
    live = TRY(FindProcess(engine, id));
  }
  if (!live) return Error(Code::kBusy, "container " + id + ", whose " + what + " is to be used, is not running");
  return *std::move(live);
}

std::vector<JoinedNetwork> JoinedNetworks(const std::string& run_dir) {
  std::vector<JoinedNetwork> joined;
  const Json request = ReadJson(monitor::BridgeFiles{run_dir}.Request()), status = ReadJson(monitor::BridgeFiles{run_dir}.Status());
  if (!request.is_object() || !request.contains("networks") || !request["networks"].is_object()) return joined;
  for (const auto& [name, options] : request["networks"].items()) {
    if (!request.contains("network_info") || !request["network_info"].contains(name) || !options.is_object()) continue;
    Result<bridge::Definition> definition = bridge::Definition::Parse(request["network_info"][name].dump());
    if (!definition.ok()) continue;
    JoinedNetwork network{std::move(definition).value(), options.value("interface_name", ""), "", Strings(options, "aliases"),
                          Strings(options, "static_ips")};
    network.mac = MacOf(status, name, network.interface);
    joined.push_back(std::move(network));
  }
  return joined;
}

std::string FirstIpv4(const std::vector<JoinedNetwork>& networks) {
  for (const JoinedNetwork& network : networks)
    for (const std::string& address : network.addresses)
      if (address.find(':') == std::string::npos) return address;
  return "";
}

void LeaveBridges(Engine& engine, const std::string& id) {
  const Result<std::string> run_dir = engine.RunDir(id, false);
  if (!run_dir.ok()) return;
  const monitor::BridgeFiles files{*run_dir};
  if (!sys::Exists(files.Request())) return;
  const auto leave = [&]() -> Status {
    const network::SharedFolder folder = TRY(SharedNetworkFolder(engine));
    const sys::FileLock lock = TRY(sys::FileLock::Acquire(folder.Lock(), sys::FileLock::Mode::kExclusive));
    const Result<network::SharedMember> member = network::JoinShared(folder);
    if (member.ok()) {
      monitor::UnpublishPorts(files, folder.SlirpSocket());
      network::NetavarkOrder order = TRY(FindNetavark(engine, false));
      order.request = TRY(sys::ReadFile(files.Request()));
      network::NetavarkCall call =
          TRY(network::NetavarkCall::Start(order, network::NetavarkCall::Verb::kTeardown, member->init.get(), -1));
      // It misses the interface, which went with the container, and has taken the rest away.
      if (const Result<std::string> done = call.Finish(); !done.ok()) Debug(done.error().Message());
    }
    monitor::ReturnLeases(files, id);
    network::ForgetShared(folder);
    for (const std::string& file : {files.Forwards(), files.Status(), files.Leases(), files.Request()}) ::unlink(file.c_str());
    return Ok();
  };
  const Status left = leave();
  if (!left.ok()) Debug(left.error().Message());
}

}  // namespace ctool::engine
