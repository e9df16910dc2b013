// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images.
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/auth.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"

namespace ctool::engine {

// The registry that `given` means ("https://host/ns" is "host/ns"), the first one of registries.conf's search list when it
// is empty. kInvalidArgument for what is none.
Result<std::string> LoginKey(const std::string& given);

// What is kept for it; fetch.authfile names the file.
Result<config::StoredCredentials> KeptLogin(const std::string& key, const FetchOptions& fetch);

// Whether the registry takes them. kPermission: it does not.
Status TryLogin(Engine& engine, const std::string& key, const config::StoredCredentials& credentials,
                const FetchOptions& fetch);

// Where KeepLogin and ForgetLogin write: --authfile or --compat-auth-file, which has the keys that docker writes.
struct LoginFile {
  std::string authfile, compat_auth_file;
};
Result<std::string> LoginFilePath(const LoginFile& file);
Status KeepLogin(const LoginFile& file, const std::string& key, const config::StoredCredentials& credentials);
Result<bool> ForgetLogin(const LoginFile& file, const std::string& key);
Status ForgetAllLogins(const LoginFile& file);

}  // namespace ctool::engine
