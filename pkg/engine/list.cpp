// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <unordered_set>

#include "base/clock.hpp"
#include "engine/container_filter_internal.hpp"
#include "engine/container_size_internal.hpp"
#include "engine/health.hpp"
#include "engine/run_state.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

std::string Ago(int64_t since) { return HumanDuration(WallNanos() - since); }

// Of one with a health check.
std::string HealthOf(Engine& engine, const std::string& id) {
  const Result<std::optional<monitor::HealthState>> health = ReadHealth(engine, id);
  return health.ok() && *health ? (*health)->status : "";
}

// `untouched`: it has no run folder, in which one that was only made could be held.
void Describe(Engine& engine, bool untouched, ContainerRow& row) {
  const state::Container& c = row.container;
  switch (c.state) {
    case state::ContainerState::kCreated:
      row.state = untouched ? "created" : ShownState(engine, c);
      row.status = row.state == "created" ? "Created" : "Initialized";
      return;
    case state::ContainerState::kRunning: {
      row.state = ShownState(engine, c);
      row.health = HealthOf(engine, c.id);
      const Result<std::optional<LiveProcess>> live = FindProcess(engine, c.id);
      // Its policy may have started it again since the record was written.
      if (live.ok() && *live) row.container.started = (*live)->status.started;
      row.status = row.state == "paused" ? "Paused" : row.state == "stopping" ? "Stopping" : "Up " + Ago(c.started);
      if (row.state == "running" && !row.health.empty()) row.status += " (" + row.health + ")";
      if (live.ok() && *live) row.pid = (*live)->status.pid;
      return;
    }
    case state::ContainerState::kExited:
      row.state = "exited";
      row.status = "Exited (" + std::to_string(c.exit_code) + ") " + Ago(c.finished) + " ago";
      return;
    case state::ContainerState::kRemoving:
      row.state = "removing";
      row.status = "Removing";
      return;
  }
}

// The namespaces of the container's first process, by their inode numbers.
ContainerNamespaces NamespacesOf(int64_t pid) {
  const auto number = [&](const char* name) -> std::string {
    const Result<std::string> link = sys::ReadLinkAt(AT_FDCWD, "/proc/" + std::to_string(pid) + "/ns/" + name);
    if (!link.ok()) return "";
    const size_t open = link->find('['), close = link->find(']');
    return open < close && close != link->npos ? link->substr(open + 1, close - open - 1) : "";
  };
  return {number("cgroup"), number("ipc"), number("mnt"), number("net"), number("pid"), number("user"), number("uts")};
}

int64_t SizeOrNone(const ContainerRow& row) { return row.size ? row.size->whole : 0; }

// Oldest first, as podman has it.
bool Less(const std::string& key, const ContainerRow& a, const ContainerRow& b) {
  if (key == "id") return a.container.id < b.container.id;
  if (key == "image") return a.container.image_name < b.container.image_name;
  if (key == "names") return a.container.name < b.container.name;
  if (key == "command") return a.container.command < b.container.command;
  if (key == "runningfor") return a.container.started > b.container.started;
  if (key == "size") return SizeOrNone(a) < SizeOrNone(b);
  if (key == "status") return a.state < b.state;
  return a.container.created < b.container.created;
}

// The ids that have a run folder. A container without one was not started since it was created (or since
// the last boot): one look at the folder above tells it for a thousand of them.
Result<std::unordered_set<std::string>> RunFolders(Engine& engine) {
  const std::string path = TRY(engine.Paths())->run_root;
  const Result<sys::Fd> dir = sys::Open(path, O_RDONLY | O_DIRECTORY);
  if (!dir.ok() && dir.error().sys_errno() == ENOENT) return std::unordered_set<std::string>();
  if (!dir.ok()) return dir.error();
  const std::vector<std::string> names = TRY(sys::ListDir(dir->get(), path));
  return std::unordered_set<std::string>(names.begin(), names.end());
}

}  // namespace

Result<std::vector<ContainerRow>> ListContainers(Engine& engine, const ListContainersOptions& options) {
  const ContainerFilter filter = TRY(ContainerFilter::Parse(engine, options.filters));
  constexpr const char* kSortKeys[] = {"created", "id", "image", "names", "command", "runningfor", "size", "status"};
  if (std::find(std::begin(kSortKeys), std::end(kSortKeys), options.sort) == std::end(kSortKeys))
    return Error(Code::kInvalidArgument, "invalid option for --sort: " + options.sort);
  const int64_t last = options.latest ? 1 : options.last;
  const bool all = options.all || last > 0 || filter.names_a_state();
  const std::unordered_set<std::string> run_folders = TRY(RunFolders(engine));
  std::vector<ContainerRow> rows;
  for (state::Container& container : TRY(TRY(engine.Db())->ListContainers(options.with_spec || filter.needs_spec()
                                                      ? state::Database::ContainerFields::kAll
                                                      : state::Database::ContainerFields::kSummary))) {
    ContainerRow row;
    row.container = std::move(container);
    const bool untouched = row.container.state == state::ContainerState::kCreated && run_folders.count(row.container.id) == 0;
    if (!untouched && !TRY(Settle(engine, row.container))) continue;
    if (!all && row.container.state != state::ContainerState::kRunning) continue;
    Describe(engine, untouched, row);
    if (filter.needs_health() && row.health.empty()) row.health = HealthOf(engine, row.container.id);
    if (!filter.Matches(row)) continue;
    if (options.with_size) row.size = TRY(SizeOf(engine, row.container));
    if (options.with_namespaces && row.pid > 0) row.namespaces = NamespacesOf(row.pid);
    rows.push_back(std::move(row));
    if (last > 0 && static_cast<int64_t>(rows.size()) == last) break;
  }
  const auto less = [&](const ContainerRow& a, const ContainerRow& b) { return Less(options.sort, a, b); };
  // The database has the newest first, and rows are expensive to move.
  if (options.sort == "created") std::reverse(rows.begin(), rows.end());
  if (!std::is_sorted(rows.begin(), rows.end(), less)) std::stable_sort(rows.begin(), rows.end(), less);
  return rows;
}

}  // namespace ctool::engine
