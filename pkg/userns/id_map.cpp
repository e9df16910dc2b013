// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

// A span of host ids, end exclusive, in 64 bits so that no sum wraps.
struct Span {
  uint64_t begin, end;
};

// `span` without the spans in `taken`, in ascending order.
std::vector<Span> Subtract(Span span, const std::vector<Span>& taken) {
  std::vector<Span> left{span};
  for (const Span& gone : taken) {
    std::vector<Span> next;
    for (const Span& s : left) {
      if (gone.end <= s.begin || gone.begin >= s.end) {
        next.push_back(s);
        continue;
      }
      if (s.begin < gone.begin) next.push_back({s.begin, gone.begin});
      if (gone.end < s.end) next.push_back({gone.end, s.end});
    }
    left = std::move(next);
  }
  return left;
}

// The part of each known mapping that `range` covers, in the order of ascending ids.
std::vector<Span> Known(const SubidRange& range, const std::vector<IdMapping>& known) {
  std::vector<Span> spans;
  for (const IdMapping& m : known) {
    const uint64_t begin = std::max<uint64_t>(range.first, m.inside);
    const uint64_t end =
        std::min(uint64_t{range.first} + range.count, uint64_t{m.inside} + m.count);
    if (begin < end) spans.push_back({begin, end});
  }
  std::sort(spans.begin(), spans.end(), [](Span a, Span b) { return a.begin < b.begin; });
  return spans;
}

size_t LineBytes(const IdMapping& m) { return PrintMap({m}).size(); }

}  // namespace

std::vector<IdMapping> LayOut(uint32_t own_id, const std::vector<SubidRange>& ranges,
                              const std::vector<IdMapping>& known) {
  std::vector<IdMapping> map{{0, own_id, 1}};
  // Host root is never passed on, whatever the file says.
  std::vector<Span> taken{{0, 1}, {own_id, uint64_t{own_id} + 1}};
  size_t bytes = LineBytes(map.front());
  uint64_t inside = 1;
  for (const SubidRange& range : ranges) {
    for (const Span& span : Known(range, known)) {
      for (const Span& part : Subtract(span, taken)) {
        const IdMapping m{static_cast<uint32_t>(inside), static_cast<uint32_t>(part.begin),
                          static_cast<uint32_t>(part.end - part.begin)};
        bytes += LineBytes(m);
        if (map.size() == kMaxExtents || bytes > kMaxMapBytes) {
          Warn("only the first " + std::to_string(map.size() - 1) +
               " subordinate id ranges are used: the kernel takes no longer map");
          return map;
        }
        map.push_back(m);
        taken.push_back(part);
        inside += m.count;
      }
    }
  }
  return map;
}

std::vector<IdMapping> ParseMapFile(std::string_view text) {
  std::vector<IdMapping> map;
  std::array<uint32_t, 3> fields{};
  size_t field = 0;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end) {
    if (*at == ' ' || *at == '\n') {
      ++at;
      continue;
    }
    const auto [next, err] = std::from_chars(at, end, fields[field]);
    if (err != std::errc()) return {};
    at = next;
    if (++field == fields.size()) {
      map.push_back({fields[0], fields[1], fields[2]});
      field = 0;
    }
  }
  return map;
}

std::string PrintMap(const std::vector<IdMapping>& mappings) {
  std::string text;
  for (const IdMapping& m : mappings)
    text.append(std::to_string(m.inside))
        .append(1, ' ')
        .append(std::to_string(m.outside))
        .append(1, ' ')
        .append(std::to_string(m.count))
        .append(1, '\n');
  return text;
}

IdMap SingleIdMap(std::string reason, std::string hint) {
  IdMap map;
  map.uids = {{0, ::geteuid(), 1}};
  map.gids = {{0, ::getegid(), 1}};
  map.single_id = true;
  map.degraded_reason = std::move(reason);
  map.degraded_hint = std::move(hint);
  return map;
}

bool MayWriteMaps() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) < 0) return false;
  constexpr uint32_t kNeeded = 1U << CAP_SETUID | 1U << CAP_SETGID;
  return (data[0].effective & kNeeded) == kNeeded;
}

bool GainsPrivileges(const std::string& program) {
  struct stat st {};
  if (::stat(program.c_str(), &st) < 0) return false;
  if ((st.st_mode & S_ISUID) != 0 && st.st_uid == 0) return true;
  return ::getxattr(program.c_str(), "security.capability", nullptr, 0) > 0;
}

bool NoNewPrivs() { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

bool InUserNamespace() {
  constexpr ino_t kInitialUserNamespace =
      0xEFFFFFFDU;  // PROC_USER_INIT_INO, fixed in the kernel ABI
  struct stat st {};
  return ::stat("/proc/self/ns/user", &st) == 0 && st.st_ino != kInitialUserNamespace;
}

bool MapsInside(const std::vector<IdMapping>& mappings, uint32_t inside) {
  return std::any_of(mappings.begin(), mappings.end(), [inside](const IdMapping& m) {
    return inside >= m.inside && inside - m.inside < m.count;
  });
}

}  // namespace ctool::userns
