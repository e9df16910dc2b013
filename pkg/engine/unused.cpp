// SPDX-License-Identifier: Apache-2.0
#include "engine/unused.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <unordered_set>

#include "base/log.hpp"
#include "engine/images.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

using Names = std::unordered_set<std::string>;

// Names below layers/ that an image needs.
Result<Names> UsedLayers(state::Database& db) {
  Names used;
  for (std::string& fixup : TRY(db.ReferencedFixups())) used.insert(std::move(fixup));
  for (const std::string& diff_id : TRY(db.ReferencedLayers()))
    used.insert(std::string(TRY(spec::Digest::Parse(diff_id)).hex()));
  return used;
}

Result<bool> DiscardLayers(const storage::Store& store, state::Database& db) {
  bool found = false;
  const Names used = TRY(UsedLayers(db));
  for (const std::string& name : TRY(store.ListLayers())) {
    if (used.count(name) != 0) continue;
    TRY(store.Discard(store.root() + "/layers/" + name));
    found = true;
  }
  return found;
}

Result<bool> DiscardBlobs(const storage::Store& store, state::Database& db) {
  bool found = false;
  const std::vector<std::string> referenced = TRY(db.ReferencedBlobs());
  const Names used(referenced.begin(), referenced.end());
  for (const spec::Digest& blob : TRY(store.ListBlobs())) {
    if (used.count(blob.str()) != 0) continue;
    TRY(store.Discard(store.BlobPath(blob)));
    found = true;
  }
  return found;
}

// Rows first: a row without its layer would be trusted, a layer without a row is not.
Status ForgetLayers(state::Database& db) {
  const std::vector<std::string> unused = TRY(db.UnreferencedLayers());
  if (unused.empty()) return Ok();
  return db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    for (const std::string& diff_id : unused) TRY(db.RemoveLayer(diff_id));
    return Ok();
  });
}

bool TrashIsEmpty(const storage::Store& store) {
  const std::string folder = store.root() + "/trash";
  const Result<sys::Fd> dir = sys::Open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!dir.ok()) return true;
  const Result<std::vector<std::string>> names = sys::ListDir(dir->get(), folder);
  return names.ok() && names->empty();
}

// Lets go of everything of the caller's that somebody may wait for: a shell reads our standard
// output until its last holder closes it.
void Detach() {
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);
  ::close_range(3, ~0U, 0);
  if (::chdir("/") < 0) ::_exit(1);
  // Whoever runs next comes first, on the processor and on the disk.
  constexpr int kIoPriorityOfProcess = 1, kIoClassIdle = 3 << 13;
  constexpr int kNice = 5;  // more, and a busy machine would never have its space back
  ::setpriority(PRIO_PROCESS, 0, kNice);
  ::syscall(SYS_ioprio_set, kIoPriorityOfProcess, 0, kIoClassIdle);
}

}  // namespace

Result<bool> DiscardUnused(const storage::Store& store, state::Database& db) {
  Result<sys::FileLock> lock = store.TryLockContent(sys::FileLock::Mode::kExclusive);
  if (!lock.ok() && lock.error().code() == Code::kBusy) return false;
  if (!lock.ok()) return std::move(lock).error();
  store.DiscardDeadStaging();
  TRY(ForgetLayers(db));
  const bool layers = TRY(DiscardLayers(store, db));
  const bool blobs = TRY(DiscardBlobs(store, db));
  return layers || blobs;
}

Status ForgetImage(Engine& engine, const state::Image& image) {
  TRY(TRY(engine.Db())->RemoveImage(image.id));
  // Where it was mounted (`image mount`): empty folders, unless it still is.
  const Result<std::string> run_dir = engine.RunDir(image.id, false);
  if (!run_dir.ok()) return Ok();
  for (const char* folder : {"/merged", "/empty", ""}) ::rmdir((*run_dir + folder).c_str());
  return Ok();
}

void GiveSpaceBack(Engine& engine) {
  const Result<storage::Store*> store = engine.Store();
  const Result<state::Database*> db = engine.Db();
  if (!store.ok() || !db.ok()) return;
  const Result<bool> discarded = DiscardUnused(**store, **db);
  if (!discarded.ok()) Warn("space is not given back yet: " + discarded.error().Message());
  EmptyTrashInBackground(**store, Caller::kOutside);
}

void EmptyTrashInBackground(const storage::Store& store, Caller caller) {
  if (TrashIsEmpty(store)) return;
  const pid_t pid = ::fork();
  if (pid < 0) {
    Debug("the trash is not emptied now: fork failed");
    return;
  }
  if (pid > 0) return;
  Detach();
  const auto work = [&store] { return store.EmptyTrash().ok() ? 0 : 1; };
  if (caller == Caller::kInsideUserNamespace) ::_exit(work());
  const Result<userns::IdMap> map = userns::DefaultMap();
  if (!map.ok()) ::_exit(1);
  const Result<int> status = userns::RunInside(*map, work);
  ::_exit(status.ok() ? *status : 1);
}

}  // namespace ctool::engine
