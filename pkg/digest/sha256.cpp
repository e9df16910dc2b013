// SPDX-License-Identifier: Apache-2.0
#include "digest/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <string>

#include "base/text.hpp"

namespace ctool::digest {

struct Hasher::State {
  explicit State(std::string_view name) : algorithm(name), context(EVP_MD_CTX_new()) {
    CHECK(context != nullptr);
    CHECK(algorithm == "sha256" || algorithm == "sha512");
    const EVP_MD* md = algorithm == "sha512" ? EVP_sha512() : EVP_sha256();
    CHECK(EVP_DigestInit_ex(context, md, nullptr) == 1);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }

  std::string algorithm;
  EVP_MD_CTX* context;
};

Hasher::Hasher(std::string_view algorithm) : state_(std::make_unique<State>(algorithm)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::Update(std::string_view bytes) {
  CHECK(state_ != nullptr);
  CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

spec::Digest Hasher::Finish() {
  CHECK(state_ != nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw;
  unsigned size = 0;
  CHECK(EVP_DigestFinal_ex(state_->context, raw.data(), &size) == 1);
  const std::string_view bytes(reinterpret_cast<const char*>(raw.data()), size);
  Result<spec::Digest> digest = spec::Digest::Parse(state_->algorithm + ":" + Hex(bytes));
  state_.reset();  // a second Finish, or an Update after it, is a broken invariant
  CHECK(digest.ok());
  return std::move(digest).value();
}

spec::Digest Sha256(std::string_view bytes) {
  Hasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

Status Verify(std::string_view bytes, const spec::Digest& expected) {
  if (expected.empty()) return Error(Code::kInternal, "there is no digest to verify against");
  Hasher hasher(expected.algorithm());
  hasher.Update(bytes);
  const spec::Digest actual = hasher.Finish();
  if (actual == expected) return Ok();
  return Error(Code::kCorrupt,
               "digest mismatch: expected " + expected.str() + ", got " + actual.str());
}

}  // namespace ctool::digest
