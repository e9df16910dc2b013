// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "engine/auto_range_internal.hpp"
#include "engine/container_spec.hpp"
#include "engine/id_lines_internal.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {
namespace {

using userns::IdMapping;

// RUN_ROOT/userns: "lock", and a file for each range that no record has yet, locked by who has taken it. One without its lock
// was left by somebody who has died.
constexpr char kFolder[] = "/userns", kLock[] = "lock";

// Until this process ends: by then the record has the range, or nobody needs it.
class Reservation {
 public:
  Reservation(std::string path, sys::FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  Reservation(Reservation&& o) noexcept : path_(std::exchange(o.path_, {})), lock_(std::move(o.lock_)) {}
  Reservation& operator=(Reservation&&) = delete;
  ~Reservation() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

 private:
  std::string path_;
  sys::FileLock lock_;
};

Status Reserve(const std::string& path, const std::string& text) {
  static std::vector<Reservation> reserved;
  sys::FileLock lock = TRY(sys::FileLock::Acquire(path, sys::FileLock::Mode::kExclusive));
  reserved.emplace_back(path, std::move(lock));
  const sys::Fd file = TRY(sys::Open(path, O_WRONLY | O_NOFOLLOW));
  return sys::WriteAll(file.get(), text, path);
}

struct Taken {
  std::vector<IdMapping> uids, gids;
};

Status Add(const std::vector<std::string>& texts, std::vector<IdMapping>& into) {
  const std::vector<IdMapping> lines = TRY(ParseIdLines(texts, IdKind::kUser, {}));
  into.insert(into.end(), lines.begin(), lines.end());
  return Ok();
}

// Of records, and of containers that have none yet.
Result<Taken> FindTaken(Engine& engine, const std::string& folder) {
  Taken taken;
  for (const state::Container& container : TRY(TRY(engine.Db())->ListContainers(state::Database::ContainerFields::kAll))) {
    if (container.spec.find("\"usernsMode\":\"auto") == std::string::npos) continue;
    const ContainerSpec spec = TRY(ContainerSpec::Parse(container.spec));
    TRY(Add(spec.id_mappings.uids, taken.uids));
    TRY(Add(spec.id_mappings.gids, taken.gids));
  }
  const sys::Fd dir = TRY(sys::Open(folder, O_RDONLY | O_DIRECTORY));
  for (const std::string& name : TRY(sys::ListDir(dir.get(), folder))) {
    if (name == kLock) continue;
    const std::string path = folder + "/" + name;
    if (sys::FileLock::TryAcquire(path, sys::FileLock::Mode::kExclusive).ok()) {
      ::unlink(path.c_str());
      continue;
    }
    const std::vector<std::string> halves = Split(TRY(sys::ReadFile(path, 4096)), '\n');
    if (halves.size() != 2) continue;  // cut short with its writer
    TRY(Add(Split(halves[0], ' '), taken.uids));
    TRY(Add(Split(halves[1], ' '), taken.gids));
  }
  return taken;
}

bool Overlaps(const std::vector<IdMapping>& taken, uint32_t first, uint32_t count) {
  return std::any_of(taken.begin(), taken.end(), [&](const IdMapping& t) {
    return first < uint64_t{t.outside} + t.count && t.outside < uint64_t{first} + count;
  });
}

// The fixed mappings, and the lowest free ids (1 and up) for the others below `size`.
Result<std::vector<IdMapping>> Fill(uint32_t size, const std::vector<IdMapping>& fixed, std::vector<IdMapping> taken, uint32_t known) {
  std::vector<IdMapping> map = fixed;
  taken.insert(taken.end(), fixed.begin(), fixed.end());
  uint32_t next = 1;
  for (uint32_t inside = 0; inside < size; ++inside) {
    if (userns::MapsInside(map, inside)) continue;
    while (next < known && Overlaps(taken, next, 1)) ++next;
    if (next >= known)
      return Error(Code::kUnsupported, "--userns=auto: fewer than " + std::to_string(size) + " of your subordinate ids are free")
          .Hint("remove containers that have some, ask for less with --userns=auto:size=N, or add ranges with usermod --add-subuids and --add-subgids; see: ctool doctor");
    IdMapping* last = map.empty() ? nullptr : &map.back();
    const bool continues = last != nullptr && map.size() > fixed.size() && last->inside + last->count == inside && last->outside + last->count == next;
    if (continues) ++last->count;
    else map.push_back({inside, next, 1});
    ++next;
  }
  std::sort(map.begin(), map.end(), [](const IdMapping& a, const IdMapping& b) { return a.inside < b.inside; });
  return map;
}

}  // namespace

Result<IdMappings> TakeAutoRange(Engine& engine, const std::string& id, const AutoRange& wanted, const userns::IdMap& user) {
  const std::string folder = TRY(engine.Paths())->run_root + kFolder;
  static_cast<void>(TRY(sys::OpenPrivateDir(TRY(engine.Paths())->run_root)));
  TRY(sys::MakeDirs(folder, 0700));
  const sys::FileLock lock = TRY(sys::FileLock::Acquire(folder + "/" + kLock, sys::FileLock::Mode::kExclusive));
  const Taken taken = TRY(FindTaken(engine, folder));
  IdMappings map;
  map.uids = PrintIdMappings(TRY(Fill(wanted.size, wanted.uids, taken.uids, CountIds(user.uids))));
  map.gids = PrintIdMappings(TRY(Fill(wanted.size, wanted.gids, taken.gids, CountIds(user.gids))));
  TRY(Reserve(folder + "/" + id, Join(map.uids, " ") + "\n" + Join(map.gids, " ")));
  return map;
}

}  // namespace ctool::engine
