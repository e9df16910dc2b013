// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::spec {

// A checked content digest. Only sha256:<64 hex> and sha512:<128 hex>, lower case, exist as
// values, so a Digest is safe as a path component, URL part or database key.
// Spec: OCI image-spec v1.1 descriptor.md, "Digests".
class Digest {
 public:
  Digest() = default;  // empty: no digest
  static Result<Digest> Parse(std::string_view text);      // "sha256:..."
  static Result<Digest> FromHex(std::string_view sha256);  // 64 hex characters

  bool empty() const { return text_.empty(); }
  const std::string& str() const { return text_; }
  std::string_view algorithm() const;  // "sha256"
  std::string_view hex() const;
  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace ctool::spec
