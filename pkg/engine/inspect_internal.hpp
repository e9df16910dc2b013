// SPDX-License-Identifier: Apache-2.0
//
// podman's inspect object of a container. What is looked up is in InspectInput; the rest is pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/bundle_internal.hpp"
#include "engine/container_spec.hpp"
#include "engine/containers.hpp"
#include "engine/network_join_internal.hpp"
#include "monitor/config.hpp"
#include "monitor/group.hpp"
#include "monitor/health.hpp"
#include "state/store.hpp"

namespace ctool::engine {

using InspectJson = nlohmann::ordered_json;

struct InspectInput {
  const state::Container& record;
  const ContainerSpec& spec;
  const ContainerFiles& files;
  std::string volumes_dir;
  std::string state;  // as shown: "running"
  std::optional<monitor::RunStatus> live = std::nullopt;  // while it runs
  network::Backend network = {};                          // while it runs, if it has one
  std::optional<ContainerSize> size = std::nullopt;       // if asked for
  std::optional<monitor::HealthState> health = std::nullopt;  // of one with a health check that has been started
  std::vector<std::string> sessions = {};                 // of exec, that run
  int64_t restarts = 0;    // by the restart policy
  std::string home = {};   // its HOME by passwd, of one that was started and is given none
  bool has_bundle = true;  // config.json was written: it was started once
  bool stopped = false;    // somebody asked for its end
  std::vector<JoinedNetwork> networks = {};  // bridges, while it runs
  std::optional<monitor::GroupNote> group = std::nullopt;  // the control group of this run, or of the last one
  std::string group_manager = {}, group_parent = {};       // of those that are made here
  bool oom_killed = false;
  bool copied = false;     // its root is a plain copy of the image, for want of an overlay
};

std::string InspectText(const InspectInput& in);

// The parts that have a file of their own.
InspectJson InspectConfig(const ContainerSpec& spec, const std::string& home);
InspectJson InspectHostConfig(const InspectInput& in);
InspectJson InspectNetwork(const InspectInput& in);
InspectJson InspectMounts(const ContainerSpec& spec, const std::string& volumes_dir);

// Shared by them.
inline constexpr char kGoZeroTime[] = "0001-01-01T00:00:00Z";
InspectJson NullIfEmpty(const std::vector<std::string>& list);
// {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}
InspectJson InspectPublishedPorts(const ContainerSpec& spec);
// A bind mount that --device asked for: shown as a device, not as a mount.
bool IsDeviceMount(const ContainerSpec& spec, const ContainerMount& mount);

}  // namespace ctool::engine
