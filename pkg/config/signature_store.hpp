// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "spec/reference.hpp"

namespace ctool::config {

// Where the signatures of an image are: containers-registries.d(5).
struct SignatureStore {
  std::string lookaside;            // file:///..., https://...: of "simple signing"
  bool sigstore_attachments = false;  // beside the image in its registry
};

// ~/.config/containers/registries.d if it exists, else that of /etc; the most exact scope for the image, else
// default-docker, else ~/.local/share/containers/sigstore (for root /var/lib/containers/sigstore). kCorrupt with
// FILE:LINE for what is not understood, or a scope that is there twice.
Result<SignatureStore> FindSignatureStore(const spec::Reference& reference);
Result<SignatureStore> FindSignatureStoreIn(const std::string& folder, const std::string& otherwise,
                                            const spec::Reference& reference);

}  // namespace ctool::config
