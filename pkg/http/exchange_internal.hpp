// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <string>

#include "http/client.hpp"

namespace ctool::http {

// One request and what has come of it: what curl's callbacks work on.
struct Exchange {
  Exchange(CURL* handle, const Request& r, const Client::Sink& s)
      : easy(handle), request(r), sink(s) {}

  // Ends the exchange from a callback: 0 makes curl stop.
  size_t Fail(Failure failure, Error error);

  CURL* const easy;
  const Request& request;
  const Client::Sink& sink;
  Transfer out;
  size_t header_bytes = 0;
  int64_t received = 0;  // header and body bytes
  int64_t sent = 0;      // of the body, over all attempts of curl
  int64_t upload_offset = 0;  // where the next bytes of the body come from
  bool all_sent = false;
  bool in_body = false;
  bool enough = false;  // the rest of an error's body is of no interest
  bool refused_address = false;  // by RefuseLinkLocal
  bool certificate_wanted = false;  // the server asked for a client certificate
};

// Tells when a transfer is slower than 1 KiB/s for too long. Only time spent waiting for the
// network is given to it: a slow sink or a stopped process is no stall.
class StallClock {
 public:
  // After `waited` nanoseconds for the network, `bytes` in all have come.
  bool TooSlow(int64_t waited, int64_t bytes, int64_t limit_s);
  std::string Describe(int64_t limit_s) const;

 private:
  int64_t waited_ = 0;  // since the last time that there was enough
  int64_t mark_ = 0;    // bytes at that time
  int64_t quiet_ = 0;   // since the last byte
  int64_t bytes_ = 0;
};

// The callbacks of exchange.easy go to `exchange`.
void AttachExchange(Exchange& exchange);

// Connections of exchange.easy are refused when they go to a link-local, multicast or unspecified
// address, whatever name led there.
void RefuseLinkLocal(Exchange& exchange);

// Runs what was added to `multi` to its end: the code of the one transfer in it. Sets
// exchange.out's failure when it was cancelled or too slow.
CURLcode Drive(CURLM* multi, Exchange& exchange, const Options& options);

}  // namespace ctool::http
