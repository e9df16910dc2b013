// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::userns {

// One line of /proc/PID/uid_map: `count` ids starting at `inside` are `outside` and up on the host.
struct IdMapping {
  uint32_t inside = 0, outside = 0, count = 0;
  bool operator==(const IdMapping&) const = default;
};

struct IdMap {
  std::vector<IdMapping> uids, gids;
  // True: only the caller's own id is mapped (no ranges, or no newuidmap). Written without a
  // helper, with setgroups denied; chown to other ids fails.
  bool single_id = false;
  // Absolute paths of the helpers; empty when single_id, or when they are not installed and the
  // caller may write the maps itself (CAP_SETUID and CAP_SETGID).
  std::string newuidmap, newgidmap;
  // Why single_id, for the one warning: "no subordinate ids for 'ann' in /etc/subuid", and the
  // command that mends it. Empty otherwise.
  std::string degraded_reason, degraded_hint;
};

// The default map of a rootless container: 0 is the caller, 1 and up are the caller's subordinate
// ids in file order, from /etc/subuid and /etc/subgid (by login name and by uid, several ranges).
// Ids that are the caller's own, the host's root, already taken by an earlier range, or unknown in
// the caller's own user namespace are left out. Falls back to a single id as told in IdMap.
// Errors: kCorrupt for a file that can't be trusted (a FIFO, a directory, more than 64 MiB).
// Format: subuid(5).
struct SubidFiles {
  std::string subuid = "/etc/subuid", subgid = "/etc/subgid";
};
Result<IdMap> DefaultMap(const SubidFiles& files = {});

// Only the caller's own ids, as 0. For callers that decide to go on after a failed WriteMaps.
IdMap SingleIdMap(std::string reason, std::string hint);

// Parses one subid file's text for the user (name and/or uid as owner; an empty name matches
// nothing); malformed lines are skipped with a debug line. Exposed for tests and the fuzzer.
struct SubidRange {
  uint32_t first = 0, count = 0;
  bool operator==(const SubidRange&) const = default;
};
std::vector<SubidRange> ParseSubids(std::string_view text, std::string_view user_name, uid_t uid);

// Gives the user namespace of process `pid` (a child of ours that waits for it) its maps: direct
// writes for a single id or with CAP_SETUID and CAP_SETGID, newuidmap and newgidmap in parallel
// otherwise. `pid` must stay alive and dumpable (PR_SET_DUMPABLE) meanwhile. The helper's stderr
// becomes part of the error.
Status WriteMaps(pid_t pid, const IdMap& map);

// The same in two steps, so that the caller can do something else while the helpers run.
class MapWriter {
 public:
  static Result<MapWriter> Start(pid_t pid, const IdMap& map);
  Status Finish();

  MapWriter(MapWriter&&) noexcept;
  MapWriter& operator=(MapWriter&&) noexcept;
  ~MapWriter();

 private:
  struct Helpers;
  explicit MapWriter(std::unique_ptr<Helpers> helpers);
  std::unique_ptr<Helpers> helpers_;  // none: the maps are written
};

// Runs `work` in a forked child that is root in a new user namespace with `map` (and a private
// mount namespace) and returns its exit status, 128 + n when signal n killed it: for work on files
// of subordinate ids. The caller should be single threaded; `work`'s return value (0-255) becomes
// the status. Files, stdio and environment are the caller's. The child dies with the caller.
Result<int> RunInside(const IdMap& map, const std::function<int()>& work);

// The same in the user namespace of the process behind `pidfd`, which is ours already: no helpers to wait for. `work`
// returns 0 to 99. kBusy when the process has just ended; kUnsupported when its namespace has another map than the
// one that is asked for.
struct JoinOptions {
  bool own_mounts = true;      // a private mount namespace
  const IdMap* map = nullptr;  // null: whichever it is
};
Result<int> RunJoined(int pidfd, const JoinOptions& options, const std::function<int()>& work);

// Deletes a file or tree (sys::RemoveTree), and when something in it belongs to a subordinate id does so inside.
// `map` is asked for only then.
Status RemoveTree(const std::string& path, const std::function<Result<IdMap>()>& map);

// The map of the user namespace of process `pid`, in ids of the caller's own.
Result<IdMap> MapOf(pid_t pid);

// `map` as the user namespace of process `pid` sees it: for a namespace below that one, whose maps need no helper.
// kUnsupported: an id is not there.
Result<IdMap> MapBelow(const IdMap& map, pid_t pid);

// A map whose outer ids are inner ids of `through`, as one to the ids of the host: podman's --uidmap counts in ids of the
// rootless user's own namespace. kUnsupported: an id that `through` does not have. single_id and the helpers are `through`'s.
Result<IdMap> MapThrough(const IdMap& map, const IdMap& through);

// What to tell the user when clone or unshare of a user namespace failed with `err`: names the
// sysctl, the security module or the limit behind it, with the command that mends it.
Error ExplainUserns(int err);

// 0:0 of the user namespace that this process is in, without the caller's groups unless they are kept.
enum class Groups { kDrop, kKeep };
Status BecomeRoot(Groups groups = Groups::kDrop);

// True when uid 0 of this process is not the host's root: we are inside a user namespace.
bool InUserNamespace();

// True when the container's id `inside` has a host id in `mappings`.
bool MapsInside(const std::vector<IdMapping>& mappings, uint32_t inside);

}  // namespace ctool::userns
