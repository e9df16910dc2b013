// SPDX-License-Identifier: Apache-2.0
#include "builder/digest_cache.hpp"

#include <array>
#include <cstring>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

constexpr char kMagic[] = "ctool digests 1\n";
constexpr size_t kDigest = 32, kNumbers = 5, kRecord = kNumbers * sizeof(uint64_t) + kDigest;
constexpr size_t kMaxBytes = 256 << 20;             // three million files
constexpr int64_t kSettled = 2'000'000'000;  // no file system's clock is coarser
constexpr int64_t kSecond = 1'000'000'000;

int64_t Nanos(const timespec& t) { return t.tv_sec * kSecond + t.tv_nsec; }

}  // namespace

DigestCache::Identity DigestCache::Of(const struct stat& st) {
  return {static_cast<uint64_t>(st.st_dev), static_cast<uint64_t>(st.st_ino), static_cast<int64_t>(st.st_size), Nanos(st.st_mtim), Nanos(st.st_ctim)};
}

DigestCache::DigestCache(std::string path) : path_(std::move(path)), began_(WallNanos()) {
  const Result<std::string> text = sys::ReadFile(path_, kMaxBytes);
  const size_t head = sizeof kMagic - 1;
  if (!text.ok() || text->compare(0, head, kMagic) != 0) return;
  for (size_t at = head; at + kRecord <= text->size(); at += kRecord) {
    std::array<int64_t, kNumbers> n{};
    std::memcpy(n.data(), text->data() + at, sizeof n);
    const Identity identity{static_cast<uint64_t>(n[0]), static_cast<uint64_t>(n[1]), n[2], n[3], n[4]};
    files_.emplace_hint(files_.end(), identity, Value{text->substr(at + sizeof n, kDigest), false});
  }
}

std::optional<std::string> DigestCache::Find(const struct stat& st) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(Of(st));
  if (found == files_.end()) return std::nullopt;
  found->second.used = true;
  return found->second.digest;
}

void DigestCache::Put(const struct stat& st, const std::string& digest) {
  if (Nanos(st.st_ctim) > began_ - kSettled || digest.size() != kDigest) return;
  const std::lock_guard lock(mutex_);
  files_[Of(st)] = {digest, true};
  changed_ = true;
}

// Only what this build has asked for: the rest is gone, or has changed.
void DigestCache::Save() {
  const std::lock_guard lock(mutex_);
  if (!changed_) return;
  std::string text = kMagic;
  for (const auto& [identity, value] : files_) {
    if (!value.used) continue;
    const auto& [dev, ino, size, mtime, ctime] = identity;
    const std::array<int64_t, kNumbers> n = {static_cast<int64_t>(dev), static_cast<int64_t>(ino), size, mtime, ctime};
    text.append(reinterpret_cast<const char*>(n.data()), sizeof n);
    text += value.digest;
  }
  const Status written = sys::WriteFileAtomic(path_, text, 0600, sys::Durability::kNone);
  if (!written.ok()) Debug(written.error().Message());
}

}  // namespace ctool::builder
