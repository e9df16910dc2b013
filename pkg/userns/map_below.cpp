// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "sys/file.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {

Result<std::vector<IdMapping>> TranslateMap(const std::vector<IdMapping>& map, const std::vector<IdMapping>& parent) {
  std::vector<IdMapping> out;
  for (IdMapping rest : map)
    while (rest.count > 0) {
      const auto has = [&](const IdMapping& p) { return rest.outside >= p.outside && rest.outside - p.outside < p.count; };
      const auto p = std::find_if(parent.begin(), parent.end(), has);
      if (p == parent.end())
        return Error(Code::kUnsupported, "id " + std::to_string(rest.outside) + " is not known in the user namespace that is to be joined");
      const uint32_t offset = rest.outside - p->outside, count = std::min(rest.count, p->count - offset);
      out.push_back({rest.inside, p->inside + offset, count});
      rest.inside += count;
      rest.outside += count;
      rest.count -= count;
    }
  return out;
}

Result<IdMap> MapBelow(const IdMap& map, pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  IdMap below;
  below.uids = TRY(TranslateMap(map.uids, ParseMapFile(TRY(sys::ReadFile(process + "/uid_map")))));
  below.gids = TRY(TranslateMap(map.gids, ParseMapFile(TRY(sys::ReadFile(process + "/gid_map")))));
  below.single_id = map.single_id;
  return below;
}

}  // namespace ctool::userns
