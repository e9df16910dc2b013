// SPDX-License-Identifier: Apache-2.0
//
// Folding: what was typed, containers.conf and the image's defaults become one ContainerSpec. Each
// function takes a part; errors are kInvalidArgument with podman's words where scripts know them.
#pragma once

#include "base/result.hpp"
#include "config/containers_conf.hpp"
#include "engine/container_spec.hpp"
#include "engine/options.hpp"
#include "spec/image.hpp"
#include "state/store.hpp"

namespace ctool::engine {

struct FoldInput {
  const CreateOptions& options;
  const config::ContainersConf& conf;
  const spec::ImageDefaults& image;
};

// What can be judged without the image: conflicts, syntax. Before anything is pulled.
Status CheckOptions(const CreateOptions& options);

// Namespaces, network, names: what the image has no say in, so that the sandbox can be made before it is known.
Status FoldNetwork(const CreateOptions& options, const config::ContainersConf& conf, ContainerSpec& spec);

Status FoldProcess(const FoldInput& in, ContainerSpec& spec);   // argv, user, workdir, hostname
Status FoldEnv(const FoldInput& in, ContainerSpec& spec);       // after FoldProcess
Status FoldMounts(const FoldInput& in, ContainerSpec& spec);    // -v, --mount, --tmpfs, volumes
Status FoldPorts(const FoldInput& in, ContainerSpec& spec);     // after FoldNetwork
Status FoldSecurity(const FoldInput& in, ContainerSpec& spec);
Status FoldLimits(const FoldInput& in, ContainerSpec& spec);
Status FoldLifecycle(const FoldInput& in, ContainerSpec& spec);  // restart, signals, logs, labels
Status FoldLog(const FoldInput& in, ContainerSpec& spec);        // part of it
Result<std::string> ExpandLogTag(const ContainerSpec& spec);     // {{.Name}} and the like

// Where systemd's journal takes entries; missing: it does not run.
inline constexpr char kJournalSocket[] = "/run/systemd/journal/socket";

// "64m", "1g", "1048576", "1.5g", "2kb": bytes (docker/go-units RAMInBytes).
// FromHumanSize with a `kilo` of 1000.
Result<int64_t> ParseBytes(const std::string& text, const std::string& option, double kilo = 1024);

// podman's grammar of names: [a-zA-Z0-9][a-zA-Z0-9_.-]*
bool IsValidName(std::string_view name);
// "adjective_surname".
std::string RandomName();

}  // namespace ctool::engine
