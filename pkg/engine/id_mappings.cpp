// SPDX-License-Identifier: Apache-2.0
#include "engine/id_mappings.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "engine/id_lines_internal.hpp"

namespace ctool::engine {
namespace {

using userns::IdMapping;

struct Line {
  IdMapping mapping;
  bool of_host = false;  // its outer ids are the host's
  bool extends = false, users = true, groups = true;
};

std::optional<uint32_t> ParseId(const std::string& text) {
  const std::optional<uint64_t> id = ParseUint(text);
  return id && *id < UINT32_MAX ? std::optional(static_cast<uint32_t>(*id)) : std::nullopt;
}

Result<Line> ParseLine(const std::string& text, const char* kind) {
  const Error malformed(Code::kInvalidArgument, std::string("initializing ID mappings: ") + kind + " setting is malformed expected [\"[+ug]uint32:[@]uint32[:uint32]\"]: [" + Quote(text) + "]");
  const size_t flags = std::min(text.find_first_not_of("+ug"), text.size());
  Line line;
  const std::string letters = text.substr(0, flags);
  line.extends = letters.find('+') != std::string::npos;
  const bool u = letters.find('u') != std::string::npos, g = letters.find('g') != std::string::npos;
  if (u != g) (u ? line.groups : line.users) = false;
  std::vector<std::string> fields = Split(text.substr(flags), ':');
  if (fields.size() < 2 || fields.size() > 3) return malformed;
  line.of_host = StartsWith(fields[1], "@");
  if (line.of_host) fields[1].erase(0, 1);
  const std::optional<uint32_t> inside = ParseId(fields[0]), outside = ParseId(fields[1]),
                                count = fields.size() == 3 ? ParseId(fields[2]) : std::optional<uint32_t>(1);
  if (!inside || !outside || !count || *count == 0) return malformed;
  if (*inside > UINT32_MAX - *count || *outside > UINT32_MAX - *count) return malformed;
  line.mapping = {*inside, *outside, *count};
  return line;
}

// The host's ids as those of the user's own map.
Result<std::vector<IdMapping>> Intermediate(const IdMapping& of_host, const std::vector<IdMapping>& known) {
  std::vector<IdMapping> turned = known;
  for (IdMapping& m : turned) std::swap(m.inside, m.outside);
  const Result<userns::IdMap> map = userns::MapThrough({{of_host}, {}, false, {}, {}, {}, {}}, {turned, {}, false, {}, {}, {}, {}});
  if (map.ok()) return map->uids;
  return Error(Code::kInvalidArgument, "host id " + std::to_string(of_host.outside) + " is not one of yours")
      .Hint("your own id and those of your lines in /etc/subuid and /etc/subgid are");
}

// A line in intermediate ids: several parts, if its ids of the host are not in one piece there.
struct Part {
  IdMapping mapping;
  bool extends = false;
};

Result<std::vector<Part>> ParseParts(const std::vector<std::string>& texts, IdKind kind, const std::vector<IdMapping>& known) {
  std::vector<Part> parts;
  for (const std::string& text : texts) {
    const Line line = TRY(ParseLine(text, kind == IdKind::kUser ? "UID" : "GID"));
    if (!(kind == IdKind::kUser ? line.users : line.groups)) continue;
    std::vector<IdMapping> mappings = {line.mapping};
    if (line.of_host) mappings = TRY(Intermediate(line.mapping, known));
    for (const IdMapping& mapping : mappings) parts.push_back({mapping, line.extends});
  }
  return parts;
}

bool Overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count) {
  return a < uint64_t{b} + b_count && b < uint64_t{a} + a_count;
}

// What is left of `map` without what `cut` takes, inside or outside.
std::vector<IdMapping> Without(const std::vector<IdMapping>& map, const IdMapping& cut) {
  std::vector<IdMapping> left;
  for (const IdMapping& m : map) {
    std::vector<uint64_t> edges = {0, m.count};
    for (const auto& [from, taken] : {std::pair{m.inside, cut.inside}, {m.outside, cut.outside}})
      for (const uint64_t edge : {uint64_t{taken}, uint64_t{taken} + cut.count})
        if (edge > from && edge < uint64_t{from} + m.count) edges.push_back(edge - from);
    std::sort(edges.begin(), edges.end());
    for (size_t i = 1; i < edges.size(); ++i) {
      const IdMapping part{m.inside + static_cast<uint32_t>(edges[i - 1]), m.outside + static_cast<uint32_t>(edges[i - 1]),
                           static_cast<uint32_t>(edges[i] - edges[i - 1])};
      if (part.count == 0 || Overlap(part.inside, part.count, cut.inside, cut.count) ||
          Overlap(part.outside, part.count, cut.outside, cut.count))
        continue;
      left.push_back(part);
    }
  }
  return left;
}

Status CheckMap(const std::vector<IdMapping>& map) {
  for (size_t i = 0; i < map.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (Overlap(map[i].inside, map[i].count, map[k].inside, map[k].count) ||
          Overlap(map[i].outside, map[i].count, map[k].outside, map[k].count))
        return Error(Code::kInvalidArgument, "ID mappings " + PrintIdMappings(map)[k] + " and " + PrintIdMappings(map)[i] + " overlap");
  if (!userns::MapsInside(map, 0)) return Error(Code::kInvalidArgument, "container ID 0 cannot be mapped to a host ID");
  return Ok();
}

}  // namespace

uint32_t CountIds(const std::vector<IdMapping>& map) {
  uint32_t count = 0;
  for (const IdMapping& m : map) count += m.count;
  return count;
}

Result<std::vector<IdMapping>> ParseIdMappings(const std::vector<std::string>& texts, IdKind kind, const std::vector<IdMapping>& known) {
  std::vector<IdMapping> map;
  bool extends = false;
  std::vector<IdMapping> base = {{0, 0, CountIds(known)}};
  for (const Part& part : TRY(ParseParts(texts, kind, known))) {
    if (part.extends) base = Without(base, part.mapping);
    map.push_back(part.mapping);
    extends = extends || part.extends;
  }
  if (extends || map.empty()) map.insert(map.end(), base.begin(), base.end());
  std::sort(map.begin(), map.end(), [](const IdMapping& a, const IdMapping& b) { return a.inside < b.inside; });
  TRY(CheckMap(map));
  return map;
}

Result<std::vector<IdMapping>> ParseIdLines(const std::vector<std::string>& texts, IdKind kind, const std::vector<IdMapping>& known) {
  std::vector<IdMapping> lines;
  for (const Part& part : TRY(ParseParts(texts, kind, known))) lines.push_back(part.mapping);
  return lines;
}

std::vector<std::string> PrintIdMappings(const std::vector<IdMapping>& map) {
  std::vector<std::string> texts;
  for (const IdMapping& m : map)
    texts.push_back(std::to_string(m.inside) + ":" + std::to_string(m.outside) + ":" + std::to_string(m.count));
  return texts;
}

std::optional<uint32_t> IntermediateId(const std::vector<std::string>& texts, uint32_t inside) {
  for (const std::string& text : texts) {
    const Result<Line> line = ParseLine(text, "ID");
    if (line.ok() && inside >= line->mapping.inside && inside - line->mapping.inside < line->mapping.count)
      return line->mapping.outside + (inside - line->mapping.inside);
  }
  return std::nullopt;
}

Result<userns::IdMap> HostMap(const IdMappings& mappings, const userns::IdMap& user) {
  userns::IdMap map;
  for (const auto& [texts, into] : {std::pair{&mappings.uids, &map.uids}, {&mappings.gids, &map.gids}})
    for (const std::string& text : *texts) into->push_back(TRY(ParseLine(text, "ID")).mapping);
  Result<userns::IdMap> host = userns::MapThrough(map, user);
  if (host.ok()) return host;
  return Error(Code::kInvalidArgument, "the container's user namespace needs more ids than you have: " + host.error().Message())
      .Hint((user.single_id ? user.degraded_hint : "more of them: see usermod --add-subuids and --add-subgids") + "; see: ctool doctor");
}

}  // namespace ctool::engine
