// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace ctool::config {

struct StoredCredentials {
  std::string username, password, identity_token;  // all empty: none stored
};

// containers-auth.json(5): --authfile (or REGISTRY_AUTH_FILE), else the first match of
// $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json,
// ~/.docker/config.json ($DOCKER_CONFIG), ~/.dockercfg. Keys "host/ns/repo", "host/ns", "host":
// the longest wins. credHelpers and credsStore run docker-credential-NAME (name [a-z0-9._-]+, 30 s,
// 1 MiB); a helper that fails is an error, never a fallback.
// A named file that can't be read: "credential file is not accessible: faccessat F: ...".
Result<StoredCredentials> FindCredentials(const std::string& authfile, const std::string& host,
                                          const std::string& repository);

}  // namespace ctool::config
