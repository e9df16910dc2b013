// SPDX-License-Identifier: Apache-2.0
//
// Signatures of images: "simple signing" with OpenPGP keys (containers-signature(5)) and cosign's with a public key. Both
// sign a JSON document that says which manifest is meant and what it is called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/policy.hpp"
#include "spec/digest.hpp"
#include "spec/reference.hpp"

namespace ctool::signature {

// What a signed document says.
struct Claim {
  spec::Digest manifest;
  std::string reference;  // "docker.io/library/busybox:latest"; unchecked
};
enum class Kind { kSimpleSigning, kSigstore };
// kCorrupt for anything that is not exactly such a document: what is not understood can't have been agreed to.
Result<Claim> ParseClaim(std::string_view document, Kind kind);

// The document in an OpenPGP message that one of `keys` (files of public keys, armoured or not) has signed. kPermission:
// nobody has, or it is somebody else, or the signature or the key is no longer good.
Result<std::string> OpenGpg(std::string_view message, const std::vector<std::string>& keys);

// Whether one of `keys` (PEM) has made the signature of `document`, in base64. kPermission: none has.
Status VerifySigstore(std::string_view document, std::string_view base64, const std::vector<std::string>& keys);

// Whether what was signed under `claimed` may be used as `wanted`. kPermission: it may not.
Status MatchIdentity(const config::SignedIdentity& identity, const std::string& claimed, const spec::Reference& wanted);

}  // namespace ctool::signature
