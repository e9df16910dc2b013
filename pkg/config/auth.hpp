// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::config {

struct StoredCredentials {
  std::string username, password, identity_token;  // all empty: none stored
  bool empty() const { return username.empty() && password.empty() && identity_token.empty(); }
};

// containers-auth.json(5): --authfile (or REGISTRY_AUTH_FILE), else the first match of
// $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json,
// ~/.docker/config.json ($DOCKER_CONFIG), ~/.dockercfg. Keys "host/ns/repo", "host/ns", "host":
// the longest wins. credHelpers and credsStore run docker-credential-NAME (name [a-z0-9._-]+, 30 s,
// 1 MiB); a helper that fails is an error, never a fallback.
// A named file that can't be read: "credential file is not accessible: faccessat F: ...".
// kCorrupt, with the file named, for what is no auth file. `repository` may be empty (login).
Result<StoredCredentials> FindCredentials(const std::string& authfile, const std::string& host,
                                          const std::string& repository);

// What credentials are stored for, "host" or "host/ns/repo", each once: of all files that are there
// (or of the one named in REGISTRY_AUTH_FILE). Asks no helper; what can't be read is left out.
std::vector<std::string> CredentialKeys();

// The file that login and logout write: --authfile, REGISTRY_AUTH_FILE,
// $XDG_RUNTIME_DIR/containers/auth.json, or (there is no run directory of ours)
// ~/.config/containers/auth.json.
Result<std::string> CredentialFileToWrite(const std::string& authfile);

// Keeps user name and password for `key` ("host" or "host/ns/repo"): in the credHelpers' or
// credsStore's helper when the file names one, else in the file, mode 0600. Everything else in the
// file stays; concurrent writers take turns (a lock beside the file), a crash leaves the old file.
// kDocker: the file is docker's, and gets the key as it is.
enum class AuthKeys { kOwn, kDocker };
Status StoreCredentials(const std::string& authfile, const std::string& key,
                        const std::string& username, const std::string& password,
                        AuthKeys keys = AuthKeys::kOwn);

// Forgets `key`. False: nothing was stored for it.
Result<bool> RemoveCredentials(const std::string& authfile, const std::string& key);
// Forgets everything in the file (`logout --all`); helpers are asked for each key they hold.
Status RemoveAllCredentials(const std::string& authfile);

}  // namespace ctool::config
