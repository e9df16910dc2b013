// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/volumes.hpp"

namespace ctool::engine {

// What a volume is made of by its options: a folder of the store, a folder of the host's, or memory.
struct VolumeSource {
  enum class Kind { kFolder, kBind, kTmpfs };
  Kind kind = Kind::kFolder;
  std::string device;                // of a bind
  std::vector<std::string> options;  // of the mount; of a tmpfs also what it is given: "size=2m", "uid=3"
  bool owned = false;                // its owner was asked for: it does not take that of its mount point
};
// kUnsupported: of a type that takes root to mount. kInvalidArgument.
Result<VolumeSource> ParseVolumeSource(const std::map<std::string, std::string>& options);

// A member of a record, {"key": "value"}, as a map.
std::map<std::string, std::string> StringMap(const std::string& json);

// In a database transaction: makes the record and an empty folder. What a removal that was cut short has left there is
// put away first: nobody gets another's files. `uid` and `gid` can't be set by us, but by root of the user namespace.
Status InsertVolume(Engine& engine, const state::Volume& volume);

// Makes ids of the user's default map the owners of a volume's folder. kUnsupported: they are not in it.
Status GiveVolume(const std::string& path, uid_t uid, gid_t gid);

// Where init notes that a volume has been filled from an image: beside its folder, where no container sees it.
std::string CopiedMark(const std::string& volume_path);

// Mounts what a volume is made of at `target`, in this process' mount namespace. Nothing for a folder.
Status MountVolumeSource(const VolumeSource& source, const std::string& target);

// Runs `work` on a volume's folder, with what it is made of mounted there, in a child that is root in the user namespace.
Status WithVolume(const VolumeSource& source, const std::string& path, const std::function<Status(int folder)>& work);

class VolumeFilter {
 public:
  static Result<VolumeFilter> Parse(Engine& engine, const std::vector<std::string>& filters);
  Result<bool> Matches(Engine& engine, const state::Volume& volume) const;

 private:
  static bool MatchesOne(const std::string& key, const std::string& value, const state::Volume& volume);

  std::map<std::string, std::vector<std::string>> values_;
  std::optional<bool> dangling_, anonymous_;
  std::optional<int64_t> until_, since_;
};

// The exact name, else the only one that begins with `name`.
Result<state::Volume> LookUpVolume(Engine& engine, const std::string& name);

}  // namespace ctool::engine
