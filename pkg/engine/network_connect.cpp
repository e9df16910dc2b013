// SPDX-License-Identifier: Apache-2.0
//
// network connect and disconnect. What a container is connected to is in its spec; of one that runs, also in its run folder
// (monitor::BridgeFiles), by which its monitor goes when it ends or starts again.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/bundle_internal.hpp"
#include "engine/change_internal.hpp"
#include "engine/containers.hpp"
#include "engine/network_join_internal.hpp"
#include "engine/networks.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/bridge.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::ordered_json;
using network::NetavarkCall;

Error WrongMode(const ContainerSpec& spec) {
  return Error(Code::kInvalidArgument,
               Quote(spec.network_mode.substr(0, spec.network_mode.find(':'))) + " is not supported: invalid network mode");
}

Result<Json> ReadJson(const std::string& path) {
  Json doc = Json::parse(TRY(sys::ReadFile(path)), nullptr, false);
  if (!doc.is_object()) return Error(Code::kCorrupt, "'" + path + "' is not a JSON object");
  return doc;
}

Status WriteJson(const std::string& path, const Json& doc) {
  return sys::WriteFileAtomic(path, doc.dump(-1, ' ', false, Json::error_handler_t::replace), 0600, sys::Durability::kNone);
}

// The lines of /etc/hosts that name the container change; those of others, and what was written inside, stay. It is the
// same file afterwards: it is mounted.
Status ChangeHosts(const std::string& path, const std::vector<std::string>& gone, const std::vector<std::string>& added,
                   const std::string& names) {
  const Result<std::string> text = sys::ReadFile(path);
  if (!text.ok()) return text.error().sys_errno() == ENOENT ? Ok() : Status(text.error());  // --no-hosts
  std::string now;
  for (const std::string& line : Split(*text, '\n')) {
    const auto is_gone = [&](const std::string& address) { return line == address + "\t" + names; };
    if (!line.empty() && std::none_of(gone.begin(), gone.end(), is_gone)) now += line + "\n";
  }
  for (const std::string& address : added) now += address + "\t" + names + "\n";
  const sys::Fd file = TRY(sys::Open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW));
  return sys::WriteAll(file.get(), now, path);
}

// The networks of a container that runs. The shared folder's lock is held as long as this lives.
class Live {
 public:
  // Nothing: it does not run.
  static Result<std::optional<Live>> Find(Engine& engine, const ContainerSpec& spec) {
    const network::SharedFolder folder = TRY(SharedNetworkFolder(engine));
    sys::FileLock lock = TRY(sys::FileLock::Acquire(folder.Lock(), sys::FileLock::Mode::kExclusive));
    const std::optional<LiveProcess> process = TRY(FindProcess(engine, spec.id));
    if (!process) return std::optional<Live>();
    Live live(engine, spec, folder, TRY(FilesOf(engine, spec.id)), std::move(lock));
    live.member_ = TRY_CTX("join the networks of container " + spec.id, network::JoinShared(folder));
    live.netns_ = TRY(sys::Open("/proc/" + std::to_string(process->status.pid) + "/ns/net", O_RDONLY));
    live.request_ = TRY(ReadJson(live.bridge_.Request()));
    Result<Json> status = ReadJson(live.bridge_.Status());
    if (status.ok()) live.status_ = std::move(*status);
    live.before_ = JoinedNetworks(live.files_.bundle);
    return std::optional<Live>(std::move(live));
  }

  Status Connect(const bridge::Attachment& wanted) {
    std::vector<std::string> leases;
    const auto connect = [&]() -> Status {
      bridge::Connected connected = TRY(TakePlace(engine_, spec_.id, folder_, wanted, leases));
      const std::string name = connected.network.name;
      network::NetavarkOrder order = TRY(FindNetavark(engine_, connected.network.dns));
      if (order.aardvark.empty()) connected.network.dns = false;
      order.request = bridge::NetavarkRequest(spec_.id, spec_.name, {connected});
      order.bridges = {connected.network.interface};
      const std::string done = TRY(Call(order, NetavarkCall::Verb::kSetup));
      const Json request = Json::parse(order.request), status = Json::parse(done, nullptr, false);
      for (const char* part : {"networks", "network_info"}) request_[part][name] = request[part][name];
      if (status.is_object() && status.contains(name)) status_[name] = status[name];
      return Ok();
    };
    const Status connected = connect();
    if (!connected.ok()) {
      for (const std::string& file : leases) ::unlink(file.c_str());
      return connected;
    }
    std::vector<std::string> all = monitor::LinesOf(bridge_.Leases());
    all.insert(all.end(), leases.begin(), leases.end());
    return Save(all);
  }

  Status Disconnect(const bridge::Definition& network) {
    if (!request_.contains("networks") || !request_["networks"].contains(network.name)) return Ok();
    network::NetavarkOrder order = TRY(FindNetavark(engine_, false));
    Json request = request_;
    for (const char* part : {"networks", "network_info"}) {
      request[part] = Json{{network.name, request_[part][network.name]}};
      request_[part].erase(network.name);
    }
    status_.erase(network.name);
    order.request = request.dump(-1, ' ', false, Json::error_handler_t::replace);
    // Ports lead elsewhere before their address is gone.
    std::vector<std::string> kept, gone;
    for (const std::string& file : monitor::LinesOf(bridge_.Leases()))
      (StartsWith(file, folder_.Leases(network.name) + "/") ? gone : kept).push_back(file);
    TRY(Call(order, NetavarkCall::Verb::kTeardown));
    for (const std::string& file : gone) ::unlink(file.c_str());
    return Save(kept);
  }

 private:
  Live(Engine& engine, const ContainerSpec& spec, network::SharedFolder folder, ContainerFiles files, sys::FileLock lock)
      : engine_(engine), spec_(spec), folder_(std::move(folder)), files_(std::move(files)), bridge_{files_.bundle}, lock_(std::move(lock)) {}

  Result<std::string> Call(const network::NetavarkOrder& order, NetavarkCall::Verb verb) {
    return TRY(NetavarkCall::Start(order, verb, member_.init.get(), netns_.get())).Finish();
  }

  Status Save(const std::vector<std::string>& leases) {
    TRY(WriteJson(bridge_.Request(), request_));
    TRY(WriteJson(bridge_.Status(), status_));
    TRY(sys::WriteFileAtomic(bridge_.Leases(), Join(leases, "\n") + "\n", 0600, sys::Durability::kNone));
    const std::vector<JoinedNetwork> now = JoinedNetworks(files_.bundle);
    TRY(WriteNames(now));
    return MovePorts(now);
  }

  Status WriteNames(const std::vector<JoinedNetwork>& now) {
    const auto addresses = [](const std::vector<JoinedNetwork>& networks) {
      std::vector<std::string> all;
      for (const JoinedNetwork& network : networks) all.insert(all.end(), network.addresses.begin(), network.addresses.end());
      std::sort(all.begin(), all.end());
      return all;
    };
    const std::vector<std::string> old_ones = addresses(before_), new_ones = addresses(now);
    std::vector<std::string> gone, added;
    std::set_difference(old_ones.begin(), old_ones.end(), new_ones.begin(), new_ones.end(), std::back_inserter(gone));
    std::set_difference(new_ones.begin(), new_ones.end(), old_ones.begin(), old_ones.end(), std::back_inserter(added));
    TRY(ChangeHosts(files_.bundle + "/hosts", gone, added, spec_.hostname + " " + spec_.name));
    return RewriteResolvConf(engine_, spec_, files_);
  }

  // Published ports lead to the first network's address.
  Status MovePorts(const std::vector<JoinedNetwork>& now) {
    const std::string address = FirstIpv4(now);
    if (spec_.ports.empty() || address == FirstIpv4(before_)) return Ok();
    const std::string path = files_.bundle + "/monitor.json";
    monitor::Config config = TRY(monitor::Config::Parse(TRY(sys::ReadFile(path))));
    config.network.address = address;
    TRY(sys::WriteFileAtomic(path, config.Print(), 0600, sys::Durability::kNone));
    monitor::UnpublishPorts(bridge_, folder_.SlirpSocket());
    return address.empty() ? Ok() : monitor::PublishPorts(bridge_, folder_.SlirpSocket(), spec_.ports, address);
  }

  Engine& engine_;
  const ContainerSpec& spec_;
  network::SharedFolder folder_;
  ContainerFiles files_;
  monitor::BridgeFiles bridge_;
  sys::FileLock lock_;
  network::SharedMember member_;
  sys::Fd netns_;
  Json request_, status_ = Json::object();
  std::vector<JoinedNetwork> before_;
};

auto IsTo(const std::string& network) {
  return [&network](const bridge::Attachment& a) { return a.network == network; };
}

Result<state::Container> Forget(Engine& engine, const std::string& container, const std::string& network) {
  return Change(engine, container, [&](state::Container& c, ContainerSpec& spec) {
    std::erase_if(spec.networks, IsTo(network));
    c.network_mode = NetworkModeText(spec);
    return Ok();
  });
}

}  // namespace

Status ConnectNetwork(Engine& engine, const std::string& name_or_id, bridge::Attachment wanted) {
  const state::Container container = TRY(FindContainer(engine, name_or_id));
  const bridge::Definition network = TRY(FindNetwork(engine, wanted.network));
  wanted.network = network.name;
  bridge::Attachment attached;
  const state::Container changed = TRY(Change(engine, container.id, [&](state::Container& c, ContainerSpec& spec) -> Status {
    if (spec.network_mode != "bridge") return WrongMode(spec);
    if (std::any_of(spec.networks.begin(), spec.networks.end(), IsTo(network.name)))
      return Error(Code::kAlreadyExists, "container " + c.id + " is already connected to network " + Quote(network.name) +
                                             ": network is already connected");
    spec.networks.push_back(wanted);
    TRY(bridge::NameInterfaces(spec.networks));
    attached = spec.networks.back();
    c.network_mode = NetworkModeText(spec);
    return Ok();
  }));
  const ContainerSpec spec = TRY(ContainerSpec::Parse(changed.spec));
  const auto connect = [&]() -> Status {
    std::optional<Live> live = TRY(Live::Find(engine, spec));
    return live ? live->Connect(attached) : Ok();
  };
  const Status connected = connect();
  if (!connected.ok()) {
    const Result<state::Container> undone = Forget(engine, container.id, network.name);
    if (!undone.ok()) Warn(undone.error().Message());
    return connected;
  }
  TellNetwork(engine, "connect", network, container.id);
  return Ok();
}

Status DisconnectNetwork(Engine& engine, const std::string& name_or_id, const std::string& network_name, bool force) {
  const Result<state::Container> found = FindContainer(engine, name_or_id);
  if (!found.ok() && found.error().code() == Code::kNotFound && force) return Ok();
  const state::Container container = TRY(found);
  const bridge::Definition network = TRY(FindNetwork(engine, network_name));
  const ContainerSpec spec = TRY(ContainerSpec::Parse(container.spec));
  if (spec.network_mode != "bridge") return WrongMode(spec);
  if (std::none_of(spec.networks.begin(), spec.networks.end(), IsTo(network.name))) {
    if (force) return Ok();
    return Error(Code::kNotFound, "container " + container.name + " is not connected to network " + network.name);
  }
  {
    std::optional<Live> live = TRY(Live::Find(engine, spec));
    if (live) TRY(live->Disconnect(network));
  }
  static_cast<void>(TRY(Forget(engine, container.id, network.name)));
  TellNetwork(engine, "disconnect", network, container.id);
  return Ok();
}

}  // namespace ctool::engine
