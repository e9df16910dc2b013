// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/auth.hpp"

namespace ctool::config {

// "https://index.docker.io/v1/" and "registry-1.docker.io" mean docker.io; a scheme and a URL's
// version path ("https://host/v1/") are dropped, as docker wrote keys in older days.
std::string NormalizeAuthKey(std::string_view key);

std::optional<std::string> DecodeBase64(std::string_view text);
std::string EncodeBase64(std::string_view bytes);

// docker-credential-NAME, found in PATH; the protocol of docker/docker-credential-helpers.
class CredentialHelper {
 public:
  static Result<CredentialHelper> Find(const std::string& name);

  // Empty credentials: the helper has none for `server`.
  Result<StoredCredentials> Get(const std::string& server) const;
  Status Store(const std::string& server, const std::string& username,
               const std::string& password) const;
  Result<bool> Erase(const std::string& server) const;

  void set_timeout_ms(int timeout_ms) { timeout_ms_ = timeout_ms; }

 private:
  struct Answer {
    bool found = false;
    std::string text;
  };
  explicit CredentialHelper(std::string path) : path_(std::move(path)) {}
  Result<Answer> Run(const std::string& verb, const std::string& input) const;

  std::string path_;
  int timeout_ms_ = 30'000;
};

}  // namespace ctool::config
