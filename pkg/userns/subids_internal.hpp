// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userns/userns.hpp"

namespace ctool::userns {

struct SubidScan {
  std::vector<SubidRange> ranges;
  size_t first_bad_line = 0;  // of this user's lines; 0: none
};
SubidScan ScanSubids(std::string_view text, std::string_view user_name, uid_t uid);

// The first id above every range of every user: a range that is proposed to an administrator must
// not overlap somebody else's.
uint64_t FirstFreeId(std::string_view text);

// The caller's own ids and then `ranges`, clipped as told at DefaultMap. `known` is the caller's
// own map of this kind (from /proc/self): ids without a mapping there can't be passed on.
std::vector<IdMapping> LayOut(uint32_t own_id, const std::vector<SubidRange>& ranges,
                              const std::vector<IdMapping>& known);

// /proc/self/uid_map or gid_map. The text is the kernel's: three numbers a line.
std::vector<IdMapping> ParseMapFile(std::string_view text);

// `map` seen from a namespace that has `parent` for its own map. Mappings are cut where those of `parent` end: the kernel
// takes no range that spans two of them. kUnsupported: an id that the namespace does not have.
Result<std::vector<IdMapping>> TranslateMap(const std::vector<IdMapping>& map, const std::vector<IdMapping>& parent);
std::string PrintMap(const std::vector<IdMapping>& mappings);

// The caller has CAP_SETUID and CAP_SETGID in its user namespace: it may write any map by itself.
bool MayWriteMaps();

// The program is setuid root or has file capabilities.
bool GainsPrivileges(const std::string& program);
// This process, and so all it executes, can't gain privileges (prctl PR_SET_NO_NEW_PRIVS).
bool NoNewPrivs();
inline constexpr const char* kLiftNoNewPrivs =
    "systemd: NoNewPrivileges=no; Kubernetes: allowPrivilegeEscalation: true; docker: no "
    "--security-opt no-new-privileges";

// What the kernel takes in one write to uid_map: UID_GID_MAP_MAX_EXTENTS lines, less than a page.
inline constexpr size_t kMaxExtents = 340;
inline constexpr size_t kMaxMapBytes = 4095;

}  // namespace ctool::userns
