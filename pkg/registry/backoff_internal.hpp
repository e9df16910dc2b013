// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "http/client.hpp"
#include "registry/client.hpp"

namespace ctool::registry {

// How often, and after how long, something is tried again.
class Backoff {
 public:
  Backoff(const Client::Options& options, std::string host)
      : options_(options), host_(std::move(host)) {}

  // Waits before the next try after `failed`: exponentially from a second, with jitter, or as long
  // as Retry-After says (at most 60 s). False: no further try, for there were enough or we were
  // cancelled.
  bool Wait(const http::Transfer& failed);

  // There was progress: the count starts again.
  void Reset() { failures_ = 0; }

 private:
  const Client::Options& options_;
  std::string host_;
  int failures_ = 0;
};

// Whether trying again may help: a connection that broke or stalled, 429 and 5xx. A host that
// can't be reached at all counts only when it was reached before (`contacted`): a mistyped name
// should fail at once.
bool MayHelp(const http::Transfer& failed, bool contacted);

// Seconds of a Retry-After header, 0 without one.
int64_t RetryAfterSeconds(const http::Response& response);

}  // namespace ctool::registry
