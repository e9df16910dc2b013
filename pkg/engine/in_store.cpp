// SPDX-License-Identifier: Apache-2.0
#include "engine/in_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "config/paths.hpp"
#include "engine/unused.hpp"
#include "engine/outcome.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/warn_once.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kMaxOutcome = 1 << 20;

void WarnAboutSingleId(const GlobalOptions& store, const userns::IdMap& map) {
  if (!map.single_id) return;
  std::string text = "files of the image will all belong to you: " + map.degraded_reason;
  if (!map.degraded_hint.empty()) text += "; " + map.degraded_hint + "; see: ctool doctor";
  const Result<config::Paths> paths = config::FindPaths(store.root, store.run_root);
  sys::WarnOnce(paths.ok() ? paths->run_root : "", "ids-of-files", text);
}

// What the work left in the trash, if anything: deleting it is nobody's to wait for.
void EmptyTrash(const GlobalOptions& options) {
  Engine engine(options);
  const Result<storage::Store*> store = engine.Store();
  if (store.ok()) EmptyTrashInBackground(**store, Caller::kInsideUserNamespace);
}

Result<int> RunIn(const userns::IdMap& map, int member, const std::function<int()>& run) {
  if (member < 0) return userns::RunInside(map, run);
  Result<int> joined = userns::RunJoined(member, {.map = &map}, run);
  // It has just ended, or was made before the ranges were changed.
  const bool unusable = !joined.ok() && (joined.error().code() == Code::kBusy || joined.error().code() == Code::kUnsupported);
  return unusable ? userns::RunInside(map, run) : std::move(joined);
}

Result<std::string> RunWork(const userns::IdMap& map, const GlobalOptions& store,
                            const std::function<Result<std::string>(Interrupt&)>& work, Interrupt& interrupt, int member) {
  const sys::Fd memory = TRY(sys::MemoryFile("outcome"));
  const auto run = [&]() -> int {
    // The modes in a layer are the image's: with the caller's mask every file would need a chmod. What the store
    // makes for itself names no rights of others.
    ::umask(0);
    const Result<std::string> outcome = work(interrupt);
    EmptyTrash(store);
    return sys::WriteAll(memory.get(), EncodeOutcome(outcome), "outcome").ok() ? 0 : 1;
  };
  static_cast<void>(TRY(RunIn(map, member, run)));
  if (::lseek(memory.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek");
  const std::string outcome = TRY(sys::ReadAll(memory.get(), "outcome", kMaxOutcome));
  return DecodeOutcome(outcome);
}

}  // namespace

Result<std::string> RunInStore(const userns::IdMap& map, const GlobalOptions& store,
                               const std::function<Result<std::string>(Interrupt&)>& work, const InStore& how) {
  WarnAboutSingleId(store, map);
  const std::unique_ptr<Interrupt> interrupt = TRY(Interrupt::Begin());
  const Status begun = how.before ? how.before() : Ok();
  Result<std::string> result = begun.ok() ? RunWork(map, store, work, *interrupt, how.member) : Result<std::string>(begun.error());
  if (begun.ok() && how.after) how.after();
  if (!result.ok()) interrupt->TakeEffect();
  return result;
}

}  // namespace ctool::engine
