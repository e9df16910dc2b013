// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

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
        return Error(Code::kUnsupported, "id " + std::to_string(rest.outside) + " is not known in the user namespace that the map is for");
      const uint32_t offset = rest.outside - p->outside, count = std::min(rest.count, p->count - offset);
      out.push_back({rest.inside, p->inside + offset, count});
      rest.inside += count;
      rest.outside += count;
      rest.count -= count;
    }
  return out;
}

Result<IdMap> MapThrough(const IdMap& map, const IdMap& through) {
  const auto turned = [](std::vector<IdMapping> mappings) {
    for (IdMapping& m : mappings) std::swap(m.inside, m.outside);
    return mappings;
  };
  IdMap out = through;
  out.uids = TRY(TranslateMap(map.uids, turned(through.uids)));
  out.gids = TRY(TranslateMap(map.gids, turned(through.gids)));
  return out;
}

Result<IdMap> MapOf(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  IdMap map;
  map.uids = ParseMapFile(TRY(sys::ReadFile(process + "/uid_map")));
  map.gids = ParseMapFile(TRY(sys::ReadFile(process + "/gid_map")));
  return map;
}

Result<IdMap> MapBelow(const IdMap& map, pid_t pid) {
  const IdMap parent = TRY(MapOf(pid));
  IdMap below;
  below.uids = TRY(TranslateMap(map.uids, parent.uids));
  below.gids = TRY(TranslateMap(map.gids, parent.gids));
  below.single_id = map.single_id;
  return below;
}

}  // namespace ctool::userns
