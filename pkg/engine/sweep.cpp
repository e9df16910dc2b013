// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/settle_internal.hpp"
#include "engine/step.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"
#include "sys/syscalls.hpp"

namespace ctool::engine {
namespace {

// A new container is locked and has its record long before that, unless its image has to be copied: then it is locked.
constexpr int64_t kYoungSeconds = 60;

bool IsAbandoned(const std::string& folder) {
  struct stat st {};
  const bool step = sys::Exists(folder + "/" + kStepMark);
  if (!step && (::lstat(folder.c_str(), &st) < 0 || st.st_mtime > WallNanos() / 1'000'000'000 - kYoungSeconds)) return false;
  const Result<sys::FileLock> lock = TryLock(ContainerFiles(folder, ""));
  return lock.ok() || lock.error().code() != Code::kBusy;
}

std::vector<std::string> FoldersIn(const std::string& path) {
  const Result<sys::Fd> dir = sys::Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!dir.ok()) return {};
  Result<std::vector<std::string>> names = sys::ListDir(dir->get(), path);
  return names.ok() ? std::move(names).value() : std::vector<std::string>();
}

}  // namespace

Status SweepSteps(Engine& engine) {
  const storage::Store& store = *TRY(engine.Store());
  const std::string containers = store.root() + "/containers";
  for (const std::string& id : FoldersIn(containers)) {
    const std::string folder = containers + "/" + id;
    if (!sys::Exists(folder + "/" + kStepMark) || !IsAbandoned(folder)) continue;
    // Its monitor was killed too, so that nobody has ended it.
    const Result<std::optional<LiveProcess>> live = FindProcess(engine, id);
    if (live.ok() && *live && sys::PidfdSendSignal((*live)->pidfd.get(), SIGKILL) < 0) Debug(Error::Sys(errno, "end a step").Message());
    TRY(sys::RemoveTree(TRY(engine.RunDir(id, false))));
    TRY(store.Discard(folder));
  }
  return Ok();
}

Status SweepContainers(Engine& engine) {
  const std::string containers = TRY(engine.Store())->root() + "/containers";
  // The folders first: one that is made after this has a record that we don't see.
  const std::vector<std::string> folders = FoldersIn(containers);
  std::set<std::string> known;
  for (state::Container& c : TRY(TRY(engine.Db())->ListContainers(state::Database::ContainerFields::kSummary)))
    known.insert(std::move(c.id));
  for (const std::string& id : folders) {
    if (known.count(id) > 0 || !IsAbandoned(containers + "/" + id)) continue;
    Debug("deleting what is left of container " + id);
    TRY(sys::RemoveTree(TRY(engine.RunDir(id, false))));
    TRY(DeleteTree(containers + "/" + id));
  }
  return Ok();
}

}  // namespace ctool::engine
