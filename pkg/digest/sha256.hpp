// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "spec/digest.hpp"

namespace ctool::digest {

// Streaming SHA-2, by libcrypto (SHA-NI where the CPU has it).
class Hasher {
 public:
  explicit Hasher(std::string_view algorithm = "sha256");  // or "sha512"
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void Update(std::string_view bytes);
  spec::Digest Finish();  // once
 private:
  struct State;
  std::unique_ptr<State> state_;
};

spec::Digest Sha256(std::string_view bytes);

// kCorrupt "digest mismatch: expected X, got Y" unless `bytes` hash to `expected`.
Status Verify(std::string_view bytes, const spec::Digest& expected);

}  // namespace ctool::digest
