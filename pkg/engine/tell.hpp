// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "bridge/definition.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// Events, for `ctool events`: one call where something has happened, after it has. Costs some 10 us and never fails a
// command: what cannot be written is a debug message. `status` is podman's word: create, init, start, attach, exec,
// exec_died, stop, kill, pause, unpause, restart, died, cleanup, remove, rename, commit, mount, unmount, prune, sync;
// pull, untag, tag, remove, import, save, ... of images. init, start and died are told by the monitor.
void Tell(Engine& engine, const char* status, const state::Container& container,
          std::optional<int> exit_code = std::nullopt);
// Instead of Tell("rename"), once the record has the new name: the monitor's events have it from then on.
void TellRename(Engine& engine, const state::Container& container);
void TellImage(Engine& engine, const char* status, const std::string& id, const std::string& name);
// create, remove; connect, disconnect of a container.
void TellNetwork(Engine& engine, const char* status, const bridge::Definition& network, const std::string& container);
void TellVolume(Engine& engine, const char* status, const std::string& name);
void TellSecret(Engine& engine, const char* status, const std::string& id, const std::string& name);

// What all events of a container have in common, for its monitor.
std::string EventOf(const ContainerSpec& spec);

}  // namespace ctool::engine
