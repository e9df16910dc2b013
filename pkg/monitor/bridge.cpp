// SPDX-License-Identifier: Apache-2.0
#include "monitor/bridge.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "network/slirp4netns.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {

using network::NetavarkCall;

Result<Bridge> Bridge::Start(const Sandbox& sandbox, int origin, pid_t init) {
  Bridge bridge(sandbox, origin);
  bridge.alive_ = TRY(network::JoinShared(bridge.folder_)).alive;
  bridge.netns_ = TRY(sys::Open("/proc/" + std::to_string(init) + "/ns/net", O_RDONLY));
  bridge.setup_ = TRY(NetavarkCall::Start(sandbox.netavark, NetavarkCall::Verb::kSetup, origin, bridge.netns_.get()));
  return bridge;
}

Status Bridge::AwaitReady(const Config& config) {
  const Result<std::string> done = setup_->Finish();
  setup_.reset();
  if (!done.ok()) return done.error();
  TRY(sys::WriteFileAtomic(config.run_dir + "/networks-status.json", *done, 0600, sys::Durability::kNone));
  forwards_file_ = config.run_dir + "/forwards";
  for (const std::string& text : config.ports) {
    const network::PortMapping mapping = TRY(network::ParsePortMapping(text));
    Status forwarded = network::AddHostForward(folder_.SlirpSocket(), mapping, config.network.address, &forwards_);
    if (!forwarded.ok()) return std::move(forwarded).error().Wrap("publish " + Quote(text)).As(Code::kNotExecutable);
  }
  if (forwards_.empty()) return Ok();
  // Should we be killed, the next command takes them back.
  std::string list;
  for (const int64_t id : forwards_) list += std::to_string(id) + "\n";
  return sys::WriteFileAtomic(forwards_file_, list, 0600, sys::Durability::kNone);
}

void Bridge::ClosePorts() {
  for (const int64_t id : forwards_) {
    const Status removed = network::RemoveHostForward(folder_.SlirpSocket(), id);
    if (!removed.ok()) Debug(removed.error().Message());
  }
  if (!forwards_.empty()) ::unlink(forwards_file_.c_str());
  forwards_.clear();
}

Bridge::~Bridge() { End(); }

void Bridge::End(Leases leases) {
  if (!netns_) return;
  ClosePorts();
  setup_.reset();
  Result<NetavarkCall> call = NetavarkCall::Start(sandbox_->netavark, NetavarkCall::Verb::kTeardown, origin_, netns_.get());
  const Result<std::string> done = call.ok() ? call->Finish() : Result<std::string>(call.error());
  if (!done.ok()) Debug(done.error().Message());
  if (leases == Leases::kGiveBack)
    for (const std::string& file : sandbox_->lease_files)
      if (::unlink(file.c_str()) < 0) Debug(Error::Sys(errno, "remove", file).Message());
  netns_.Reset();
  alive_.Reset();
}

}  // namespace ctool::monitor
