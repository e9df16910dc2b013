// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "archive/stream.hpp"
#include "base/result.hpp"
#include "spec/digest.hpp"

namespace ctool::storage {

// Passes a stream through and hashes it on a thread of its own, so that hashing and unpacking
// overlap. With one processor, or when the process may have no more threads, it hashes in Read.
class HashingSource : public archive::Source {
 public:
  enum class Where { kAuto, kThread, kInRead };  // all but kAuto: for tests and measurements
  HashingSource(archive::Source& in, std::string_view algorithm, Where where = Where::kAuto);
  ~HashingSource() override;

  Result<size_t> Read(std::span<char> into) override;
  // The digest of all that was read. Once, at the end of the stream.
  spec::Digest Finish();
  int64_t count() const { return count_; }  // bytes so far

 private:
  class Worker;
  archive::Source& in_;
  int64_t count_ = 0;
  std::unique_ptr<Worker> worker_;
};

}  // namespace ctool::storage
