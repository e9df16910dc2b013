// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "monitor/sandbox.hpp"
#include "network/netavark.hpp"
#include "network/shared.hpp"

namespace ctool::monitor {

// What a container's run folder says of its bridge networks. `network connect` and `disconnect` write it anew (under the
// shared folder's lock) while the container runs; whoever ends it goes by what it says then.
struct BridgeFiles {
  std::string run_dir;
  std::string Request() const { return run_dir + "/networks.json"; }        // netavark's, of all its networks
  std::string Status() const { return run_dir + "/networks-status.json"; }  // netavark's answer
  std::string Leases() const { return run_dir + "/leases"; }                // files that hold its addresses, one a line
  std::string Forwards() const { return run_dir + "/forwards"; }            // published ports: slirp4netns' ids, one a line
};
// Lines of such a file; empty when it is not there.
std::vector<std::string> LinesOf(const std::string& file);
// The bridges of a request, which NetavarkOrder wants to know.
std::vector<std::string> BridgesOf(const std::string& request);
// Gives the addresses back that container `id` holds: by now they may be another's.
void ReturnLeases(const BridgeFiles& files, const std::string& id);
// Publishes `ports` at the container's address and notes the forwards, so that whoever comes next can take them back.
Status PublishPorts(const BridgeFiles& files, const std::string& slirp_socket, const std::vector<std::string>& ports,
                    const std::string& container_ip);
void UnpublishPorts(const BridgeFiles& files, const std::string& slirp_socket);

// A container's part in bridge networks: its interfaces, names and published ports.
class Bridge {
 public:
  // `origin`: the first process of the shared namespaces (a pidfd), which owns those of `init`.
  static Result<Bridge> Start(const Sandbox& sandbox, const Config& config, int origin, pid_t init);
  Status AwaitReady(const Config& config);
  // The container has ended: its ports are free when this returns.
  void ClosePorts();
  // Its interfaces, names and addresses; before a restart the addresses stay its own, and the shared namespaces. It takes
  // netavark a tenth of a second, for which nobody should have to wait.
  enum class Leases { kKeep, kGiveBack };
  void End(Leases leases = Leases::kGiveBack);

  Bridge(Bridge&&) noexcept = default;
  Bridge& operator=(Bridge&&) noexcept = default;  // over one that has ended
  ~Bridge();  // ends it: after a start that failed

 private:
  Bridge(const Sandbox& sandbox, const Config& config, int origin)
      : sandbox_(&sandbox), id_(config.id), files_{config.run_dir}, origin_(origin), folder_{sandbox.shared_dir} {}
  Result<network::NetavarkOrder> Order() const;
  const Sandbox* sandbox_;
  std::string id_;
  BridgeFiles files_;
  int origin_;
  network::SharedFolder folder_;
  sys::Fd netns_, alive_;  // without `alive_` it has ended
  bool kept_ = false;      // the next run has taken over
  std::optional<network::NetavarkCall> setup_;
};

}  // namespace ctool::monitor
