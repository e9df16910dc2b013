// SPDX-License-Identifier: Apache-2.0
//
// Folding: what was typed, containers.conf and the image's defaults become one ContainerSpec. Each
// function takes a part; errors are kInvalidArgument with podman's words where scripts know them.
#pragma once

#include "base/result.hpp"
#include "config/containers_conf.hpp"
#include "engine/engine.hpp"
#include "engine/container_spec.hpp"
#include "engine/options.hpp"
#include "spec/image.hpp"
#include "state/store.hpp"

namespace ctool::engine {

struct FoldInput {
  const CreateOptions& options;
  const config::ContainersConf& conf;
  const spec::ImageDefaults& image;
  std::vector<ContainerMount> inherited = {};  // --volumes-from
};

// Its control group, which is made before the image is known.
Status FoldGroup(Engine& engine, const CreateOptions& options, ContainerSpec& spec);

// What can be judged without the image: conflicts, syntax. Before anything is pulled.
Status CheckOptions(const CreateOptions& options);

// Namespaces, network, names: what the image has no say in, so that the sandbox can be made before it is known.
Status FoldNetwork(Engine& engine, const CreateOptions& options, ContainerSpec& spec);

// Its user namespace and the ids in it; before FoldNetwork.
Status FoldUserns(Engine& engine, const CreateOptions& options, ContainerSpec& spec);

// Who gets the output, which decides about the streams.
Status FoldLogDriver(const CreateOptions& options, const config::ContainersConf& conf, ContainerSpec& spec);

Status FoldProcess(const FoldInput& in, ContainerSpec& spec);   // argv, user, workdir, hostname
Status FoldEnv(const FoldInput& in, ContainerSpec& spec);       // after FoldProcess
Status FoldMounts(const FoldInput& in, ContainerSpec& spec);    // -v, --mount, --tmpfs, volumes
// The volumes and binds of other containers: --volumes-from.
Result<std::vector<ContainerMount>> MountsFrom(Engine& engine, const std::vector<std::string>& containers);
// After FoldMounts: layers of images that are mounted, and what volumes are made of.
Status ResolveMounts(Engine& engine, const CreateOptions& options, ContainerSpec& spec);
Status FoldPorts(const FoldInput& in, ContainerSpec& spec);     // after FoldNetwork
Status FoldSecurity(const FoldInput& in, ContainerSpec& spec);   // after FoldNetwork
Status FoldSecurityOptions(const FoldInput& in, ContainerSpec& spec);  // part of it: --security-opt, what is masked
Status FoldLimits(const FoldInput& in, ContainerSpec& spec);
Status FoldLifecycle(const FoldInput& in, ContainerSpec& spec);  // restart, signals, logs, labels
Status FoldLog(const FoldInput& in, ContainerSpec& spec);        // part of it
Status FoldSystemd(const FoldInput& in, ContainerSpec& spec);    // after FoldProcess, FoldEnv, FoldMounts
Status FoldAccounts(const FoldInput& in, ContainerSpec& spec);   // lines for /etc/passwd and /etc/group
Result<std::string> ExpandLogTag(const ContainerSpec& spec);     // {{.Name}} and the like

// Where systemd's journal takes entries; missing: it does not run.
inline constexpr char kJournalSocket[] = "/run/systemd/journal/socket";

// An environment, "K=V" each: sets or adds one entry.
void AddEnv(std::vector<std::string>& env, std::string entry);
// As typed with -e: "K=V" as it is; "K" takes the caller's value, if there is one; "P*" all that begin with P.
Status AddUserEnv(std::vector<std::string>& env, const std::string& entry);
// The --env-merge entries: each changes a variable that is there, and may name it and others ("PATH=${PATH}:/x").
Status MergeEnv(std::vector<std::string>& env, const std::vector<std::string>& entries);
Status AddEnvFile(std::vector<std::string>& env, const std::string& path);

// "CAP_CHOWN" ... of every capability that there is.
std::vector<std::string> AllCapabilities();

// Whether the container's streams are those of whoever starts it.
bool PassesStreams(const std::string& log_driver);

Status FoldHealth(const FoldInput& in, ContainerSpec& spec);     // --health-*, the image's HEALTHCHECK
// A health check that can run: not none at all, and not NONE.
bool HasHealthCheck(const ContainerSpec& spec);

// The parts that `update` changes too.
Status FoldRestart(const CreateOptions& options, ContainerSpec& spec);
Status ChangeHealth(const CreateOptions& options, ContainerSpec& spec);
bool ChangesHealth(const CreateOptions& options);
Status ChangeEnv(const std::vector<std::string>& set, const std::vector<std::string>& unset, ContainerSpec& spec);
Status AddUlimit(const std::string& text, ContainerSpec& spec);  // "nofile=1:2", in place of one of its type
// Limits through control groups, and a word on those that no group has any more.
Status FoldGroupLimits(const LimitOptions& options, ContainerSpec& spec);

// "64m", "1g", "1048576", "1.5g", "2kb": bytes (docker/go-units RAMInBytes).
// FromHumanSize with a `kilo` of 1000.
Result<int64_t> ParseBytes(const std::string& text, const std::string& option, double kilo = 1024);

// podman's grammar of names: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 255 characters.
Status CheckName(std::string_view name);
// "adjective_surname".
std::string RandomName();

}  // namespace ctool::engine
