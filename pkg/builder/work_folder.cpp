// SPDX-License-Identifier: Apache-2.0
#include "builder/work_folder.hpp"

#include "base/log.hpp"
#include "base/scope.hpp"
#include "base/text.hpp"
#include "engine/step.hpp"
#include "sys/file.hpp"

namespace ctool::builder {

Result<WorkFolder> WorkFolder::Make(const storage::Store& store) {
  std::string id = RandomHexId();
  std::string path = store.ContainerPath(id);
  TRY(sys::MakeDirs(path, 0700));
  // Without its mark nobody would know that it is to be taken away.
  ScopeFail undo([&path] {
    if (const Status gone = sys::RemoveTree(path); !gone.ok()) Debug(gone.error().Message());
  });
  sys::FileLock lock = TRY(sys::FileLock::Acquire(path + "/lock", sys::FileLock::Mode::kExclusive));
  // Only now: who finds it with a lock that is free knows that its maker is dead.
  TRY(sys::WriteFileAtomic(path + "/" + engine::kStepMark, "", 0600, sys::Durability::kNone));
  undo.Commit();
  return WorkFolder(store, std::move(id), std::move(path), std::move(lock));
}

WorkFolder::WorkFolder(WorkFolder&& o) noexcept
    : store_(o.store_), id_(std::move(o.id_)), path_(std::move(o.path_)), lock_(std::move(o.lock_)) {
  o.path_.clear();
}

WorkFolder::~WorkFolder() {
  if (path_.empty()) return;
  const Status gone = store_->Discard(path_);
  if (!gone.ok()) Debug(gone.error().Message());
}

}  // namespace ctool::builder
