// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

#include "base/result.hpp"

namespace ctool::builder {

// Digests of files by what stat(2) says of them, kept between builds, so that an unchanged context is not read again. The
// change time can't be set back, and what has changed within the last seconds is never kept. Thread safe.
class DigestCache {
 public:
  // `path`: where it is kept; a missing or damaged file is an empty one.
  explicit DigestCache(std::string path);
  std::optional<std::string> Find(const struct stat& st);  // 32 bytes
  void Put(const struct stat& st, const std::string& digest);
  // Best effort.
  void Save();

 private:
  using Identity = std::tuple<uint64_t, uint64_t, int64_t, int64_t, int64_t>;  // dev, ino, size, mtime, ctime
  static Identity Of(const struct stat& st);
  struct Value {
    std::string digest;
    bool used = false;
  };
  const std::string path_;
  const int64_t began_;
  std::mutex mutex_;
  std::map<Identity, Value> files_;
  bool changed_ = false;
};

}  // namespace ctool::builder
