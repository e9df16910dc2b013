// SPDX-License-Identifier: Apache-2.0
#include "engine/push_spool_internal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "archive/stream.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr std::chrono::milliseconds kLook(200);  // how often a waiting reader looks for a signal

// Hashes what goes through it.
class HashedSource final : public archive::Source {
 public:
  HashedSource(archive::Source& in, std::string_view algorithm) : in_(in), hasher_(algorithm) {}
  Result<size_t> Read(std::span<char> into) override {
    const size_t n = TRY(in_.Read(into));
    hasher_.Update({into.data(), n});
    return n;
  }
  spec::Digest Finish() { return hasher_.Finish(); }

 private:
  archive::Source& in_;
  digest::Hasher hasher_;
};

}  // namespace

Result<std::unique_ptr<Spool>> Spool::Make(const storage::Store& store, const Interrupt& interrupt) {
  const std::string folder = store.root() + "/staging";
  sys::Fd file = TRY(sys::Open(folder, O_RDWR | O_TMPFILE, 0600));
  return std::unique_ptr<Spool>(new Spool(std::move(file), interrupt));
}

Status Spool::Append(std::string_view bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || interrupt_.stopped()) return Error(Code::kIo, "stopped");
  }
  TRY(sys::WriteAll(file_.get(), bytes, "the compressed layer"));
  hasher_.Update(bytes);
  const std::lock_guard lock(mutex_);
  size_ += static_cast<int64_t>(bytes.size());
  changed_.notify_all();
  return Ok();
}

void Spool::Close(Status status) {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  if (status.ok()) digest_ = hasher_.Finish();
  else error_ = std::move(status).error();
  changed_.notify_all();
}

Status Spool::WaitForMore(std::unique_lock<std::mutex>& lock, int64_t than) {
  while (!changed_.wait_for(lock, kLook, [&] { return closed_ || size_ > than; }))
    if (interrupt_.stopped()) return Error(Code::kIo, "interrupted");
  if (error_) return *error_;
  return Ok();
}

Result<size_t> Spool::ReadAt(int64_t offset, std::span<char> into) {
  int64_t there = 0;
  {
    std::unique_lock lock(mutex_);
    TRY(WaitForMore(lock, offset));
    there = size_ - offset;
  }
  if (there <= 0) return size_t{0};
  const size_t want = std::min(into.size(), static_cast<size_t>(there));
  const ssize_t n = ::pread(file_.get(), into.data(), want, offset);
  if (n < 0) return Error::Sys(errno, "read", "the compressed layer");
  return static_cast<size_t>(n);
}

Result<spec::Descriptor> Spool::Finish() {
  std::unique_lock lock(mutex_);
  TRY(WaitForMore(lock, INT64_MAX));
  spec::Descriptor out;
  out.digest = *digest_;
  out.size = size_;
  return out;
}

void Spool::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

Status Recompress(int file, const spec::Descriptor& blob, const spec::Digest& diff_id,
                  const archive::CompressOptions& to, Spool& spool) {
  const spec::Compression from = TRY(spec::LayerCompression(blob.media_type));
  const std::unique_ptr<archive::Source> raw = archive::FromFd(file, "blob " + blob.digest.str());
  const std::unique_ptr<archive::Source> tar = TRY(archive::Decompress(*raw, from));
  HashedSource hashed(*tar, diff_id.algorithm());
  TRY(archive::Compress(hashed, to, [&](std::string_view bytes) { return spool.Append(bytes); }));
  const spec::Digest found = hashed.Finish();
  if (found == diff_id) return Ok();
  return Error(Code::kCorrupt, "blob " + blob.digest.str() + " is damaged: unpacked it is " + found.str() + ", not " +
                                   diff_id.str())
      .Hint("pull the image again");
}

}  // namespace ctool::engine
