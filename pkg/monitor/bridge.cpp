// SPDX-License-Identifier: Apache-2.0
#include "monitor/bridge.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "network/slirp4netns.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace ctool::monitor {

using network::NetavarkCall;

std::vector<std::string> LinesOf(const std::string& file) {
  std::vector<std::string> lines;
  const Result<std::string> text = sys::ReadFile(file);
  if (text.ok())
    for (std::string& line : Split(*text, '\n'))
      if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> BridgesOf(const std::string& request) {
  std::vector<std::string> bridges;
  const nlohmann::json doc = nlohmann::json::parse(request, nullptr, false);
  if (!doc.is_object() || !doc.contains("network_info")) return bridges;
  for (const nlohmann::json& network : doc["network_info"])
    if (network.is_object()) bridges.push_back(network.value("network_interface", ""));
  return bridges;
}

void ReturnLeases(const BridgeFiles& files, const std::string& id) {
  for (const std::string& file : LinesOf(files.Leases()))
    if (const Result<std::string> holder = sys::ReadFile(file, 256); holder.ok() && *holder == id) ::unlink(file.c_str());
}

Status PublishPorts(const BridgeFiles& files, const std::string& slirp_socket, const std::vector<std::string>& ports,
                    const std::string& container_ip) {
  std::vector<int64_t> forwards;
  const auto publish = [&]() -> Status {
    for (const std::string& text : ports) {
      const network::PortMapping mapping = TRY(network::ParsePortMapping(text));
      Status forwarded = network::AddHostForward(slirp_socket, mapping, container_ip, &forwards);
      if (!forwarded.ok()) return std::move(forwarded).error().Wrap("publish " + Quote(text)).As(Code::kNotExecutable);
    }
    return Ok();
  };
  const Status published = publish();
  std::string list;
  for (const int64_t id : forwards) list += std::to_string(id) + "\n";
  if (list.empty()) return published;
  TRY(sys::WriteFileAtomic(files.Forwards(), list, 0600, sys::Durability::kNone));
  return published;
}

void UnpublishPorts(const BridgeFiles& files, const std::string& slirp_socket) {
  const std::vector<std::string> forwards = LinesOf(files.Forwards());
  if (forwards.empty()) return;
  for (const std::string& line : forwards)
    if (const std::optional<int64_t> id = ParseInt(line); id)
      if (const Status removed = network::RemoveHostForward(slirp_socket, *id); !removed.ok()) Debug(removed.error().Message());
  ::unlink(files.Forwards().c_str());
}

Result<network::NetavarkOrder> Bridge::Order() const {
  network::NetavarkOrder order = sandbox_->netavark;
  order.request = TRY(sys::ReadFile(files_.Request()));
  order.bridges = BridgesOf(order.request);
  return order;
}

Result<Bridge> Bridge::Start(const Sandbox& sandbox, const Config& config, int origin, pid_t init) {
  Bridge bridge(sandbox, config, origin);
  bridge.alive_ = TRY(network::JoinShared(bridge.folder_)).alive;
  bridge.netns_ = TRY(sys::Open("/proc/" + std::to_string(init) + "/ns/net", O_RDONLY));
  bridge.setup_ = TRY(NetavarkCall::Start(TRY(bridge.Order()), NetavarkCall::Verb::kSetup, origin, bridge.netns_.get()));
  return bridge;
}

Status Bridge::AwaitReady(const Config& config) {
  const Result<std::string> done = setup_->Finish();
  setup_.reset();
  if (!done.ok()) return done.error();
  TRY(sys::WriteFileAtomic(files_.Status(), *done, 0600, sys::Durability::kNone));
  return PublishPorts(files_, folder_.SlirpSocket(), config.ports, config.network.address);
}

void Bridge::ClosePorts() { UnpublishPorts(files_, folder_.SlirpSocket()); }

Bridge::~Bridge() {
  if (!kept_) End();
}

void Bridge::End(Leases leases) {
  if (!alive_) return;
  // Nobody connects it to anything, or disconnects it, meanwhile.
  const Result<sys::FileLock> lock = sys::FileLock::Acquire(folder_.Lock(), sys::FileLock::Mode::kExclusive);
  if (!lock.ok()) Debug(lock.error().Message());
  ClosePorts();
  setup_.reset();
  // The last one's interfaces, rules and names go with the namespaces.
  if (leases == Leases::kGiveBack && lock.ok()) {
    alive_.Reset();
    if (network::LeaveLast(folder_)) netns_.Reset();
  }
  if (netns_) {
    const auto leave = [&]() -> Result<std::string> {
      return TRY(NetavarkCall::Start(TRY(Order()), NetavarkCall::Verb::kTeardown, origin_, netns_.get())).Finish();
    };
    if (const Result<std::string> done = leave(); !done.ok()) Debug(done.error().Message());
    netns_.Reset();
  }
  kept_ = leases == Leases::kKeep;
  if (kept_) return;
  ReturnLeases(files_, id_);
  network::ForgetShared(folder_);
  for (const std::string& file : {files_.Status(), files_.Request(), files_.Leases()}) ::unlink(file.c_str());
  alive_.Reset();
}

}  // namespace ctool::monitor
