// SPDX-License-Identifier: Apache-2.0
//
// Volumes: `volume create`, `ls` ...
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

struct CreateVolumeOptions {
  std::string name;  // empty: 64 hex characters
  std::string driver = "local";
  std::vector<std::string> labels, options;  // "key=value"; of options: type, device, o
  std::optional<int64_t> uid, gid;           // owner of its folder
  bool ignore = false;                       // one that is there already is as good
};
// Returns its name.
Result<std::string> CreateVolume(Engine& engine, const CreateVolumeOptions& options);

// A record with what is found out about it.
struct VolumeInfo {
  state::Volume record;
  std::map<std::string, std::string> labels, options;
  std::string mountpoint;
  int64_t uid = 0, gid = 0;  // as asked for
  int64_t mounts = 0;        // containers that use it and run
  bool needs_copy_up = true, needs_chown = true;
};

// By name or the only one that begins so. kNotFound "no such volume NAME".
Result<VolumeInfo> FindVolume(Engine& engine, const std::string& name);
// By name. Filters: name=, label=, label!=, driver=, scope=, opt=, dangling=, anonymous=, until=, since=.
Result<std::vector<VolumeInfo>> ListVolumes(Engine& engine, const std::vector<std::string>& filters);
Result<bool> VolumeExists(Engine& engine, const std::string& name);

struct RemoveVolumeOptions {
  bool force = false;  // also the containers that use it; one that is not there is as good
  std::optional<int64_t> time = std::nullopt;
};
// kNotFound, kBusy: containers use it.
Status RemoveVolume(Engine& engine, const std::string& name, const RemoveVolumeOptions& options);

struct PruneVolumesOptions {
  bool all = false;  // those with a name too, and not only anonymous ones
  bool dry_run = false;
  std::vector<std::string> filters;
};
struct PrunedVolume {
  std::string name;
  int64_t size = 0;
};
// Those that no container uses. What removals that were cut short have left goes with them.
Result<std::vector<PrunedVolume>> PruneVolumes(Engine& engine, const PruneVolumesOptions& options);

// Its contents as an archive, to `output` (empty: standard output).
Status ExportVolume(Engine& engine, const std::string& name, const std::string& output);
// The reverse; the archive may be compressed. "-": standard input. Only in the program ctool-images.
Status ImportVolume(Engine& engine, const std::string& name, const std::string& input);

// In `ctool unshare` only: where its contents are, mounted first if that takes a mount (-o type=...).
Result<std::string> MountVolume(Engine& engine, const std::string& name);
Status UnmountVolume(Engine& engine, const std::string& name);

}  // namespace ctool::engine
