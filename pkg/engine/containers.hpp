// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// Makes a container (record, bundle, folders) that is not started; returns its id. Pulls the image
// if the policy says so. Nothing is left when it fails.
Result<std::string> Create(Engine& engine, const CreateOptions& options);

struct AttachOptions {
  bool attach_stdin = false, attach_stdout = false, attach_stderr = false;  // all false: detached
  bool sig_proxy = true;
  std::string detach_keys = "ctrl-p,ctrl-q";
};
struct StartOutcome {
  bool detached = true;  // it runs on, or the user detached
  int exit_code = 0;     // of the container, when not detached
};
// Creates and starts in one go: what `run` is. `on_created` gets the id once the command has been
// executed (so that `run -d` prints nothing for one that could not be).
Result<StartOutcome> Run(Engine& engine, const CreateOptions& options, const AttachOptions& attach,
                         const std::function<void(const std::string& id)>& on_started);
// Starts one that is created or has exited. Already running: detached, nothing is done.
Result<StartOutcome> Start(Engine& engine, const std::string& name_or_id,
                           const AttachOptions& attach);

// Makes everything of a container that is created or has exited, but executes nothing until it is started.
Status InitContainer(Engine& engine, const std::string& name_or_id);

// name, full id or unique prefix; a leading "/" is dropped. The record is settled first: a
// container whose process is gone is exited, with the code from its exit file. kNotFound
// `no container with name or ID "x" found: no such container`.
Result<state::Container> FindContainer(Engine& engine, const std::string& name_or_id);
Result<state::Container> LatestContainer(Engine& engine);

struct ContainerSize {
  int64_t written = 0, whole = 0;  // bytes: what the container wrote; with its image
};
struct ContainerNamespaces {
  std::string cgroup, ipc, mnt, net, pid, user, uts;  // "4026531835"
};
struct ContainerRow {
  state::Container container;
  std::string status;  // "Up 5 minutes", "Exited (0) 2 hours ago", "Created"
  std::string state;   // "running", "paused", "stopping", "exited", "created"
  int64_t pid = 0;     // 0: not running
  std::string health;  // "starting", "healthy", "unhealthy"; empty: no check, or it does not run and was not asked for
  std::optional<ContainerSize> size;  // when it was asked for
  ContainerNamespaces namespaces;     // when they were asked for, of one that runs
};
struct ListContainersOptions {
  bool all = false;
  int64_t last = 0;  // -n; 0: all
  bool latest = false;
  std::vector<std::string> filters;
  std::string sort = "created";
  bool with_spec = false, with_size = false, with_namespaces = false;
};
// Oldest first, unless `sort` says otherwise.
Result<std::vector<ContainerRow>> ListContainers(Engine& engine, const ListContainersOptions& options);

struct RemoveContainerOptions {
  bool force = false, volumes = false;
  std::optional<int64_t> time = std::nullopt;  // with force: seconds from the stop signal to SIGKILL, as StopOptions has it
};
// kNotFound (exit status 1), kBusy (2: running and not forced).
Status RemoveContainer(Engine& engine, const std::string& name_or_id,
                       const RemoveContainerOptions& options);

// `container cleanup`: settles the record of one that has ended, removes it if it was --rm.
Status CleanupContainer(Engine& engine, const std::string& id);

// podman inspect's object for a container, as JSON text.
Result<std::string> InspectContainer(Engine& engine, const state::Container& container, bool size);

// For `info`, as JSON text with podman's field names.
Result<std::string> Info(Engine& engine, std::string commit);

}  // namespace ctool::engine
