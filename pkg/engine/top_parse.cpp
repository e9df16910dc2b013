// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/top_internal.hpp"

namespace ctool::engine {
namespace {

constexpr uint32_t kOverflowId = 65534;
constexpr size_t kMaxLine = 16384;  // nobody's account

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t start = text.find_first_not_of(" \t\n");
    if (start == text.npos) return words;
    text.remove_prefix(start);
    const size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

uint32_t Id(std::string_view text) { return static_cast<uint32_t>(ParseUint(text).value_or(kOverflowId)); }

// What stands behind "NAME:" in /proc/PID/status. A process chooses its name, the first line; the kernel
// escapes newlines in it.
std::string_view Line(std::string_view status, std::string_view name) {
  for (size_t at = 0; at < status.size();) {
    const size_t end = std::min(status.find('\n', at), status.size());
    const std::string_view line = status.substr(at, end - at);
    if (line.size() > name.size() && StartsWith(line, name) && line[name.size()] == ':') return line.substr(name.size() + 1);
    at = end + 1;
  }
  return {};
}

uint64_t Mask(std::string_view text) {
  uint64_t mask = 0;
  for (const char c : Trim(text)) mask = mask << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  return mask;
}

pid_t PidAt(std::string_view line, size_t level) {
  const std::vector<std::string_view> pids = Words(line);
  return level < pids.size() ? static_cast<pid_t>(ParseInt(pids[level]).value_or(0)) : 0;
}

}  // namespace

bool ParseProcessStat(std::string_view text, TopProcess& process) {
  // The name may hold blanks and brackets.
  const size_t open = text.find('('), close = text.rfind(')');
  if (open == text.npos || close == text.npos || close < open) return false;
  process.comm = text.substr(open + 1, close - open - 1);
  const std::vector<std::string_view> fields = Words(text.substr(close + 1));
  // proc(5) counts from 1, and the third is the first behind the name.
  const auto field = [&](size_t number) { return ParseInt(fields[number - 3]).value_or(0); };
  if (fields.size() < 21 || fields[0].size() != 1) return false;
  static const int64_t kTick = 1'000'000'000 / ::sysconf(_SC_CLK_TCK);
  process.state = fields[0][0];
  process.ppid = static_cast<pid_t>(field(4));
  process.tty = static_cast<uint64_t>(field(7));
  process.cpu = (field(14) + field(15)) * kTick;
  process.nice = field(19);
  process.started = field(22) * kTick;  // since the machine's start
  process.vsz = field(23) / 1024;
  return true;
}

bool ParseProcessStatus(std::string_view text, size_t levels, TopProcess& process) {
  const std::vector<std::string_view> uids = Words(Line(text, "Uid")), gids = Words(Line(text, "Gid"));
  process.pid = PidAt(Line(text, "NSpid"), levels);
  if (uids.size() < 2 || gids.size() < 2 || process.pid == 0) return false;
  process.pgid = PidAt(Line(text, "NSpgid"), levels);
  process.ruid = Id(uids[0]);
  process.uid = process.host_uid = Id(uids[1]);
  process.rgid = Id(gids[0]);
  process.gid = process.host_gid = Id(gids[1]);
  for (const std::string_view group : Words(Line(text, "Groups"))) process.gids.push_back(Id(group));
  process.host_gids = process.gids;
  process.cap_inh = Mask(Line(text, "CapInh"));
  process.cap_prm = Mask(Line(text, "CapPrm"));
  process.cap_eff = Mask(Line(text, "CapEff"));
  process.cap_bnd = Mask(Line(text, "CapBnd"));
  process.cap_amb = Mask(Line(text, "CapAmb"));
  process.seccomp = ParseInt(Trim(Line(text, "Seccomp"))).value_or(-1);
  const std::vector<std::string_view> rss = Words(Line(text, "VmRSS"));
  process.rss = rss.empty() ? 0 : ParseInt(rss[0]).value_or(0);
  return true;
}

size_t PidLevels(std::string_view status) {
  const size_t pids = Words(Line(status, "NSpid")).size();
  return pids == 0 ? 0 : pids - 1;
}

std::vector<userns::IdMapping> ParseIdMap(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  std::vector<userns::IdMapping> map;
  for (size_t i = 0; i + 2 < words.size(); i += 3) map.push_back({Id(words[i]), Id(words[i + 1]), Id(words[i + 2])});
  return map;
}

uint32_t InsideId(const std::vector<userns::IdMapping>& map, uint32_t outside) {
  for (const userns::IdMapping& m : map)
    if (outside >= m.outside && outside - m.outside < m.count) return m.inside + (outside - m.outside);
  return kOverflowId;
}

IdNames::IdNames(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.size() > kMaxLine) continue;
    const std::vector<std::string> fields = Split(line, ':');
    const std::optional<uint64_t> id = fields.size() >= 3 ? ParseUint(fields[2]) : std::nullopt;
    if (id && *id <= UINT32_MAX && !fields[0].empty() && fields[0].find('\0') == std::string::npos)
      names_.emplace(static_cast<uint32_t>(*id), fields[0]);
  }
}

std::string IdNames::Of(uint32_t id) const {
  const auto it = names_.find(id);
  return it == names_.end() ? std::to_string(id) : it->second;
}

std::string IdNames::Of(const std::vector<uint32_t>& ids) const {
  std::vector<std::string> names;
  for (const uint32_t id : ids) names.push_back(Of(id));
  return Join(names, ",");
}

}  // namespace ctool::engine
