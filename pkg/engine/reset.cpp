// SPDX-License-Identifier: Apache-2.0
#include "engine/reset.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/outcome.hpp"
#include "engine/settle_internal.hpp"
#include "monitor/stop_mark.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/syscalls.hpp"
#include "sys/warn_once.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kMaxOutcome = 16 << 20;
constexpr int64_t kPatience = 20'000'000'000;  // for one container's monitor to put its things away

Result<std::vector<std::string>> NamesIn(const std::string& folder) {
  const Result<sys::Fd> dir = sys::Open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (dir.ok()) return sys::ListDir(dir->get(), folder);
  if (dir.error().sys_errno() == ENOENT) return std::vector<std::string>();
  return dir.error();
}

bool IsId(const std::string& name) {
  return name.size() == 64 && std::all_of(name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Killed, not asked: there is nothing of it that anybody will want. `stop` keeps its monitor from starting it again.
Status EndContainer(Engine& engine, const std::string& id) {
  const ContainerFiles files = TRY(FilesOf(engine, id));
  const int64_t deadline = MonotonicNanos() + kPatience;
  for (;;) {
    Result<sys::FileLock> lock = TryLock(files);
    if (lock.ok() || lock.error().code() != Code::kBusy) return Ok();
    const Result<std::optional<LiveProcess>> live = FindProcess(engine, id);
    if (live.ok() && *live) {
      const Status marked = sys::WriteFileAtomic(monitor::StopFile(files.bundle), "", 0600, sys::Durability::kNone);
      if (!marked.ok()) Debug(marked.error().Message());
      sys::PidfdSendSignal((*live)->pidfd.get(), SIGKILL);  // it may have just ended
    }
    if (MonotonicNanos() > deadline)
      return Error(Code::kBusy, "container " + id + " does not end").Hint("another command may be at work with it; try it again");
    ::poll(nullptr, 0, 20);
  }
}

bool IsOursInRunRoot(const std::string& name) { return IsId(name) || name == "network" || StartsWith(name, "events.log") || StartsWith(name, sys::kSaidPrefix); }

// In the user namespace: what is in them belongs to subordinate ids. Names go to the parent by a file in memory.
Result<std::vector<std::string>> DeleteFolders(const storage::Store& store, const std::string& run_root) {
  const sys::Fd memory = TRY(sys::MemoryFile("left"));
  const auto work = [&]() -> Result<std::string> {
    std::vector<std::string> left = TRY(store.DeleteAll());
    for (const std::string& name : TRY(NamesIn(run_root))) {
      if (IsOursInRunRoot(name)) TRY(sys::RemoveTree(run_root + "/" + name));
      else left.push_back(run_root + "/" + name);
    }
    ::rmdir(run_root.c_str());  // what is still in it is not ours
    return Join(left, std::string_view("\0", 1));
  };
  const int code = TRY(userns::RunInside(TRY(userns::DefaultMap()), [&] {
    return sys::WriteAll(memory.get(), EncodeOutcome(work()), "outcome").ok() ? 0 : 1;
  }));
  if (::lseek(memory.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek");
  const std::string outcome = TRY(sys::ReadAll(memory.get(), "outcome", kMaxOutcome));
  if (outcome.empty()) return Error(Code::kInternal, "the process that deletes the store ended with status " + std::to_string(code));
  const std::string left = TRY(DecodeOutcome(outcome));
  return left.empty() ? std::vector<std::string>() : Split(left, '\0');
}

}  // namespace

Result<std::vector<std::string>> ResetStore(Engine& engine) {
  const storage::Store& store = *TRY(engine.Store());
  const std::string run_root = TRY(engine.Paths())->run_root;
  for (const std::string& id : TRY(NamesIn(store.root() + "/containers"))) TRY(EndContainer(engine, id));
  // Nobody adds to it meanwhile.
  const sys::FileLock content = TRY(store.LockContent(sys::FileLock::Mode::kExclusive));
  return DeleteFolders(store, run_root);
}

}  // namespace ctool::engine
