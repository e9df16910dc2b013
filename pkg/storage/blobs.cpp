// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/log.hpp"
#include "digest/sha256.hpp"
#include "storage/store.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"

namespace ctool::storage {
namespace {

// Writing to disk starts while the rest is still being received, so that the final syncfs finds
// little to do.
constexpr int64_t kFlushBytes = 8 << 20;

std::optional<struct stat> StatBlob(const std::string& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) < 0 || !S_ISREG(st.st_mode)) return std::nullopt;
  return st;
}

bool IsDurable(const struct stat& st) { return (st.st_mode & 0777) == kDurableMode; }

Result<spec::Digest> HashFile(const std::string& path, std::string_view algorithm) {
  const sys::Fd fd = TRY(sys::Open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  digest::Hasher hasher(algorithm);
  std::string chunk(256 << 10, '\0');
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", path);
    if (n == 0) return hasher.Finish();
    hasher.Update({chunk.data(), static_cast<size_t>(n)});
  }
}

class StagedBlob : public Store::BlobWriter {
 public:
  StagedBlob(const Store& store, spec::Descriptor expected, Staged staged)
      : store_(store), expected_(std::move(expected)), staged_(std::move(staged)),
        hasher_(expected_.digest.empty() ? "sha256" : expected_.digest.algorithm()) {}

  Status Write(std::string_view bytes) override {
    const auto count = static_cast<int64_t>(bytes.size());
    if (!expected_.digest.empty() && count > expected_.size - size_)
      return Error(Code::kCorrupt, "blob " + expected_.digest.str() + ": more than the " +
                                       std::to_string(expected_.size) + " bytes announced");
    Status written = sys::WriteAll(staged_.fd(), bytes, "blob in '" + store_.root() + "'");
    if (!written.ok()) return ExplainFull(std::move(written).error());
    hasher_.Update(bytes);
    size_ += count;
    if (size_ - flushed_ >= kFlushBytes) {
      // Only a hint to the kernel: errors show up in the syncfs.
      ::sync_file_range(staged_.fd(), flushed_, size_ - flushed_, SYNC_FILE_RANGE_WRITE);
      flushed_ = size_;
    }
    return Ok();
  }

  Status Commit() override {
    const bool known = !expected_.digest.empty();
    if (known && size_ != expected_.size)
      return Error(Code::kCorrupt, "blob " + expected_.digest.str() + ": truncated, got " +
                                       std::to_string(size_) + " of " +
                                       std::to_string(expected_.size) + " bytes");
    digest_ = hasher_.Finish();
    if (known && digest_ != expected_.digest)
      return Error(Code::kCorrupt, "digest mismatch: expected " + expected_.digest.str() +
                                       ", got " + digest_.str());
    const std::string path = store_.BlobPath(digest_);
    // A durable blob is not given up for a copy that is not.
    const std::optional<struct stat> there = StatBlob(path);
    if (there.has_value() && there->st_size == size_ && IsDurable(*there)) return Ok();
    return staged_.Publish(path);
  }

  int fd() const override { return staged_.fd(); }
  const spec::Digest& digest() const override { return digest_; }
  int64_t size() const override { return size_; }

 private:
  Error ExplainFull(Error e) const {
    if (e.sys_errno() != ENOSPC && e.sys_errno() != EDQUOT) return e;
    const int64_t needed = expected_.digest.empty() ? 0 : expected_.size - size_;
    return std::move(e).Hint("the store '" + store_.root() + "' is full" +
                             (needed > 0 ? ", " + std::to_string(needed) + " more bytes are needed"
                                         : std::string()) +
                             "; ctool container prune and ctool rmi give space back; see: ctool doctor");
  }

  const Store store_;
  const spec::Descriptor expected_;
  Staged staged_;
  digest::Hasher hasher_;
  spec::Digest digest_;
  int64_t size_ = 0, flushed_ = 0;
};

}  // namespace

Result<std::unique_ptr<Store::BlobWriter>> Store::NewBlob(const spec::Descriptor& expected) const {
  if (expected.size < 0)
    return Error(Code::kInvalidArgument, "negative size of blob " + expected.digest.str());
  Staged staged = TRY(Staged::Make(root_, Staged::Kind::kFile));
  return std::unique_ptr<BlobWriter>(
      std::make_unique<StagedBlob>(*this, expected, std::move(staged)));
}

Status Store::PutBlob(std::string_view bytes, const spec::Digest& digest) const {
  spec::Descriptor expected;
  expected.digest = digest;
  expected.size = static_cast<int64_t>(bytes.size());
  const std::unique_ptr<BlobWriter> blob = TRY(NewBlob(expected));
  TRY(blob->Write(bytes));
  return blob->Commit();
}

bool Store::HasBlob(const spec::Digest& digest, int64_t size) const {
  const std::string path = BlobPath(digest);
  const std::optional<struct stat> st = StatBlob(path);
  if (!st.has_value() || st->st_size != size) return false;
  if (IsDurable(*st)) return true;
  const Result<spec::Digest> found = HashFile(path, digest.algorithm());
  if (found.ok() && *found == digest) return true;
  // It stays until a good copy takes its place: deleting it here could hit that copy.
  Debug("blob " + digest.str() + " is damaged and will be fetched again");
  return false;
}

Result<std::string> Store::ReadBlob(const spec::Digest& digest, size_t max_bytes) const {
  const sys::Fd fd = TRY(OpenBlob(digest));
  std::string bytes = TRY(sys::ReadAll(fd.get(), "blob " + digest.str(), max_bytes));
  Status verified = digest::Verify(bytes, digest);
  if (!verified.ok())
    return std::move(verified).error().Wrap("blob " + digest.str() + " is damaged").Hint(
        "pull the image again");
  return bytes;
}

Result<sys::Fd> Store::OpenBlob(const spec::Digest& digest) const {
  const std::string path = BlobPath(digest);
  sys::Fd fd = TRY(sys::Open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  const struct stat st = TRY(sys::StatFd(fd.get(), path));
  if (!S_ISREG(st.st_mode)) return Error(Code::kCorrupt, "'" + path + "' is not a regular file");
  return fd;
}

}  // namespace ctool::storage
