// SPDX-License-Identifier: Apache-2.0
#include "engine/stats.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cgroup/group.hpp"
#include "engine/containers.hpp"
#include "engine/settle_internal.hpp"
#include "engine/top.hpp"
#include "monitor/group.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::engine {
namespace {

std::string ReadOr(const std::string& path) {
  Result<std::string> text = sys::ReadFile(path);
  return text.ok() ? std::move(*text) : std::string();
}

std::optional<int64_t> ReadNumber(const std::string& path) { return ParseInt(Trim(ReadOr(path))); }

// The words of a line, however many blanks are between them.
std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  for (std::string& word : Split(line, ' '))
    if (!word.empty()) words.push_back(std::move(word));
  return words;
}

int64_t MachineMemory() { return ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE); }

// What processes have used that are gone, as far as one that lives has waited for them: fields 16 and 17 of stat.
int64_t ReapedCpu(pid_t pid) {
  const std::string text = ReadOr("/proc/" + std::to_string(pid) + "/stat");
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return 0;
  const std::vector<std::string> fields = Words(std::string_view(text).substr(end + 1));
  constexpr size_t kChildrenUser = 13, kChildrenSystem = 14;  // counted from the state on
  if (fields.size() <= kChildrenSystem) return 0;
  return (ParseInt(fields[kChildrenUser]).value_or(0) + ParseInt(fields[kChildrenSystem]).value_or(0)) * (1'000'000'000 / ::sysconf(_SC_CLK_TCK));
}

void Note(const char* what, std::string& counted) { counted += (counted.empty() ? "" : ", ") + std::string(what); }

// Process by process, for what no control group has said (left at -1).
Status CountProcesses(Engine& engine, const state::Container& container, Usage& usage) {
  if (usage.cpu >= 0 && usage.memory >= 0 && usage.pids >= 0) return Ok();
  const std::vector<TopProcess> processes = TRY(Top(engine, container, {.names = false, .args = false}));
  int64_t cpu = 0, memory = 0, threads = 0;
  for (const TopProcess& process : processes) {
    cpu += process.cpu + ReapedCpu(process.host_pid);
    memory += process.rss * 1024;
    const Result<sys::ProcessStat> stat = sys::ReadProcessStat(process.host_pid);
    threads += stat.ok() ? stat->threads : 1;
  }
  const auto fill = [&](int64_t& value, int64_t counted, const char* what) {
    if (value >= 0) return;
    value = counted;
    Note(what, usage.counted);
  };
  fill(usage.memory, memory, "memory");
  fill(usage.cpu, cpu, "processor time");
  fill(usage.pids, threads, "processes");
  return Ok();
}

void ReadGroup(const cgroup::Group& group, Usage& usage) {
  if (const auto micros = cgroup::ValueOf(ReadOr(group.File("cpu.stat")), "usage_usec")) usage.cpu = *micros * 1000;
  usage.memory = ReadNumber(group.File("memory.current")).value_or(-1);
  usage.pids = ReadNumber(group.File("pids.current")).value_or(-1);
  if (const auto limit = ReadNumber(group.File("memory.max"))) usage.memory_limit = std::min(usage.memory_limit, *limit);
  AddBlockIo(ReadOr(group.File("io.stat")), usage);
}

}  // namespace

void AddNetwork(std::string_view net_dev, Usage& usage) {
  constexpr size_t kReceived = 0, kSent = 8;
  for (const std::string& line : Split(net_dev, '\n')) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || Trim(std::string_view(line).substr(0, colon)) == "lo") continue;
    const std::vector<std::string> fields = Words(std::string_view(line).substr(colon + 1));
    if (fields.size() <= kSent) continue;
    usage.net_in += ParseInt(fields[kReceived]).value_or(0);
    usage.net_out += ParseInt(fields[kSent]).value_or(0);
  }
}

void AddBlockIo(std::string_view io_stat, Usage& usage) {
  for (const std::string& line : Split(io_stat, '\n'))
    for (const std::string& word : Words(line)) {
      if (StartsWith(word, "rbytes=")) usage.block_in += ParseInt(word.substr(7)).value_or(0);
      if (StartsWith(word, "wbytes=")) usage.block_out += ParseInt(word.substr(7)).value_or(0);
    }
}

Result<Usage> UsageOf(Engine& engine, const std::string& id) {
  const state::Container container = TRY(FindContainer(engine, id));
  Usage usage;
  usage.taken = MonotonicNanos();
  if (container.state != state::ContainerState::kRunning) return usage;
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id));
  if (!live) return usage;
  usage.up = std::max<int64_t>(1, WallNanos() - live->status.started);
  usage.memory_limit = MachineMemory();
  usage.cpu = usage.memory = usage.pids = -1;
  const std::optional<monitor::GroupNote> note = monitor::ReadGroupNote(TRY(engine.RunDir(container.id, false)));
  if (note) ReadGroup(cgroup::Group(note->path), usage);
  AddNetwork(ReadOr("/proc/" + std::to_string(live->status.pid) + "/net/dev"), usage);
  const Status counted = CountProcesses(engine, container, usage);
  if (counted.ok()) return usage;
  Usage ended;  // meanwhile
  ended.taken = usage.taken;
  return ended;
}

}  // namespace ctool::engine
