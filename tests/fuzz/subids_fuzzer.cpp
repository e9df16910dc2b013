// SPDX-License-Identifier: Apache-2.0
//
// /etc/subuid and /etc/subgid, which tools and people write. No id may be mapped twice, whatever they say.
#include <algorithm>

#include "fuzz.hpp"
#include "userns/subids_internal.hpp"

using namespace ctool::userns;  // NOLINT: one small program

namespace {

void CheckDisjoint(std::vector<IdMapping> map, uint32_t IdMapping::*first) {
  std::sort(map.begin(), map.end(), [&](const auto& a, const auto& b) { return a.*first < b.*first; });
  uint64_t end = 0;
  for (const IdMapping& mapping : map) {
    CHECK(mapping.count > 0 && mapping.*first >= end);
    end = uint64_t{mapping.*first} + mapping.count;
  }
  CHECK(end <= UINT32_MAX);  // -1 is no id
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = Text(data, size);
  const SubidScan scan = ScanSubids(text, "ann", 1000);
  for (const SubidRange& range : scan.ranges) CHECK(range.count > 0);
  static_cast<void>(FirstFreeId(text));
  const std::vector<IdMapping> everything = {{0, 0, UINT32_MAX}};
  const std::vector<IdMapping> known = ParseMapFile(text);
  for (const auto& outer : {everything, known}) {
    const std::vector<IdMapping> map = LayOut(1000, scan.ranges, outer);
    CHECK(map.size() <= kMaxExtents);
    CheckDisjoint(map, &IdMapping::inside);
    CheckDisjoint(map, &IdMapping::outside);
    const std::string printed = PrintMap(map);
    CHECK(printed.size() <= kMaxMapBytes && ParseMapFile(printed) == map);
  }
  return 0;
}
