// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include "http/client.hpp"

namespace ctool::http {

// One request and what has come of it: what curl's callbacks work on.
struct Exchange {
  Exchange(const Request& r, const Client::Sink& s) : request(r), sink(s) {}

  // Ends the exchange from a callback: 0 makes curl stop.
  size_t Fail(Failure failure, Error error);

  const Request& request;
  const Client::Sink& sink;
  Transfer out;
  size_t header_bytes = 0;
  int64_t window_bytes = 0;  // received since the stall clock was last set back
  bool in_body = false;
  bool enough = false;  // the rest of an error's body is of no interest
};

// Header and body callbacks of `easy` go to `exchange`.
void AttachExchange(CURL* easy, Exchange& exchange);

// Connections of `easy` are refused when they go to a link-local, multicast or unspecified
// address, whatever name led there.
void RefuseLinkLocal(CURL* easy);

// Runs what was added to `multi` to its end: the code of the one transfer in it. Sets
// exchange.out's failure when it was cancelled or too slow.
CURLcode Drive(CURLM* multi, Exchange& exchange, const Options& options);

}  // namespace ctool::http
