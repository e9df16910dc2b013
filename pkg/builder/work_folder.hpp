// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "storage/store.hpp"
#include "sys/lock.hpp"

namespace ctool::builder {

// A folder containers/ID in the store for one step, locked as a container's is: what a killed build leaves is swept up by
// the next command that sweeps. Destroyed, it goes to the trash.
class WorkFolder {
 public:
  static Result<WorkFolder> Make(const storage::Store& store);
  WorkFolder(WorkFolder&&) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();

  const std::string& id() const { return id_; }
  const std::string& path() const { return path_; }
  std::string Upper() const { return path_ + "/upper"; }
  std::string Work() const { return path_ + "/work"; }
  std::string Merged() const { return path_ + "/merged"; }
  const sys::FileLock& lock() const { return lock_; }

 private:
  WorkFolder(const storage::Store& store, std::string id, std::string path, sys::FileLock lock)
      : store_(&store), id_(std::move(id)), path_(std::move(path)), lock_(std::move(lock)) {}
  const storage::Store* store_;
  std::string id_, path_;
  sys::FileLock lock_;
};

}  // namespace ctool::builder
