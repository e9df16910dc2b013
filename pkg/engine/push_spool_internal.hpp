// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "archive/compress.hpp"
#include "base/result.hpp"
#include "digest/sha256.hpp"
#include "engine/interrupt.hpp"
#include "spec/image.hpp"
#include "storage/store.hpp"
#include "sys/fd.hpp"

namespace ctool::engine {

// A layer in another compression, on its way into a nameless file and out of it at the same time: who sends it reads what
// is there and waits for the rest, and can begin again where a broken connection ended. One thread fills, one reads.
class Spool {
 public:
  static Result<std::unique_ptr<Spool>> Make(const storage::Store& store, const Interrupt& interrupt);

  // --- the thread that fills ---
  Status Append(std::string_view bytes);  // kIo "stopped" once nobody wants them any more
  void Close(Status status);

  // --- the thread that reads ---
  // At least one byte from `offset` on, 0 at the end, or the error that Close was given.
  Result<size_t> ReadAt(int64_t offset, std::span<char> into);
  // Waits for Close: digest and size.
  Result<spec::Descriptor> Finish();
  void Stop();

  int fd() const { return file_.get(); }

 private:
  Spool(sys::Fd file, const Interrupt& interrupt) : file_(std::move(file)), interrupt_(interrupt) {}
  Status WaitForMore(std::unique_lock<std::mutex>& lock, int64_t than);

  const sys::Fd file_;
  const Interrupt& interrupt_;
  std::mutex mutex_;
  std::condition_variable changed_;
  digest::Hasher hasher_;
  int64_t size_ = 0;
  bool closed_ = false, stopped_ = false;
  std::optional<Error> error_;
  std::optional<spec::Digest> digest_;
};

// Reads the blob in `file` to its end, decompresses it and fills `spool` with what `to` makes of it. kCorrupt unless the
// unpacked bytes are those of `diff_id`.
Status Recompress(int file, const spec::Descriptor& blob, const spec::Digest& diff_id,
                  const archive::CompressOptions& to, Spool& spool);

}  // namespace ctool::engine
