// SPDX-License-Identifier: Apache-2.0
#include "digest/sha256.hpp"

// The functions below the EVP layer, which OpenSSL 3 calls deprecated: DESIGN.md says why.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <array>
#include <string>

#include "base/text.hpp"

namespace ctool::digest {

struct Hasher::State {
  explicit State(std::string_view algorithm) : is_512(algorithm == "sha512") {
    CHECK(is_512 || algorithm == "sha256");
    CHECK((is_512 ? SHA512_Init(&sha512) : SHA256_Init(&sha256)) == 1);
  }

  bool is_512;
  union {
    SHA256_CTX sha256;
    SHA512_CTX sha512;
  };
};

Hasher::Hasher(std::string_view algorithm) : state_(std::make_unique<State>(algorithm)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::Update(std::string_view bytes) {
  CHECK(state_ != nullptr);
  State& s = *state_;
  CHECK((s.is_512 ? SHA512_Update(&s.sha512, bytes.data(), bytes.size()) : SHA256_Update(&s.sha256, bytes.data(), bytes.size())) == 1);
}

spec::Digest Hasher::Finish() {
  CHECK(state_ != nullptr);
  State& s = *state_;
  std::array<unsigned char, SHA512_DIGEST_LENGTH> raw;
  CHECK((s.is_512 ? SHA512_Final(raw.data(), &s.sha512) : SHA256_Final(raw.data(), &s.sha256)) == 1);
  const std::string_view bytes(reinterpret_cast<const char*>(raw.data()), s.is_512 ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH);
  Result<spec::Digest> digest = spec::Digest::Parse((s.is_512 ? "sha512:" : "sha256:") + Hex(bytes));
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
