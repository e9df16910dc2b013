// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/transport_internal.hpp"

namespace ctool::registry {

// Client::HasBlob, PutBlob and PutManifest.
Result<bool> FindBlob(Transport& transport, const spec::Digest& digest);
Result<BlobSent> SendBlob(Transport& transport, const BlobUpload& blob, Progress* progress);
Status SendManifest(Transport& transport, const std::string& tag_or_digest, const std::string& media_type,
                    const std::string& bytes);

}  // namespace ctool::registry
