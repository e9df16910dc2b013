// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "http/client.hpp"
#include "registry/challenge_internal.hpp"
#include "registry/client.hpp"

namespace ctool::registry {

// The Authorization header of one repository: Basic from the credentials, or a bearer token from
// the token server that the registry names. Thread safe: one thread renews, the others wait.
class Authorizer {
 public:
  Authorizer(const Endpoint& endpoint, const Client::Options& options, http::Client& http)
      : endpoint_(endpoint), options_(options), http_(http) {}

  // What to send now: empty before the registry has asked for anything. A token that ran out is
  // renewed here.
  Result<std::string> Header();

  // Acts on a 401. `used` is the header that was refused: when another thread has replaced it
  // meanwhile there is nothing to do. kPermission when there is nothing to answer with.
  Status Answer(const http::Response& refused, const std::string& used);

 private:
  Status AnswerBasic();
  Status FetchToken();
  Result<http::Request> TokenRequest() const;
  Status CheckRealm(const std::string& realm) const;

  const Endpoint& endpoint_;
  const Client::Options& options_;
  http::Client& http_;
  std::mutex mutex_;
  std::string header_;
  int64_t expires_ = INT64_MAX;        // monotonic nanoseconds
  std::optional<Challenge> bearer_;    // how to get the next token
  std::string registry_scheme_;        // of the URL that was answered with 401
};

std::string Base64(std::string_view bytes);

}  // namespace ctool::registry
