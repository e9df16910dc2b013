// SPDX-License-Identifier: Apache-2.0
//
// The one way to speak HTTP: every request of the program goes through a Client, so that TLS
// verification, protocol limits, size caps and timeouts cannot be forgotten in one place.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ctool::http {

// A body that is not in memory. It may be read again from its beginning: after a 401, or when the
// server has closed a connection that was kept open.
struct Upload {
  int64_t size = -1;  // -1: not known yet, so that it goes out in chunks
  // Bytes from `offset` on, as many as there are, at least one; 0 at the end. May wait for them: it should look at
  // Options::cancel then.
  std::function<Result<size_t>(int64_t offset, std::span<char> into)> read;
};

struct Request {
  std::string method = "GET";  // GET, HEAD, POST, PUT, PATCH or DELETE
  std::string url;
  std::vector<std::string> headers;  // "Name: value"; never Authorization
  // Value of the Authorization header. It goes to the origin of `url` only: a redirect that
  // changes scheme, host or port is followed without it.
  std::string authorization;
  std::string body;                       // of a POST or PUT
  const Upload* upload = nullptr;         // of a PUT or PATCH, in place of `body`
  std::optional<int64_t> range_from;      // asks for "bytes=N-"
  std::optional<int64_t> range_last;      // with range_from: asks for "bytes=N-M"
  size_t max_body = 1 << 20;              // of a body that is collected; more is kRefused
  int64_t connect_timeout_s = 0;          // 0: the client's
  bool follow_redirects = true;           // at most 10, GET and HEAD only
  bool refuse_link_local = false;         // for URLs that a server chose: no link-local addresses
};

struct Response {
  int status = 0;
  std::string url;   // after redirects
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;  // what did not go to a sink; an error's body is cut at 64 KiB

  // First value of a header; empty when there is none.
  std::string_view Header(std::string_view lower_name) const;
  std::vector<std::string_view> HeaderValues(std::string_view lower_name) const;
  // Content-Type without parameters, lower case.
  std::string ContentType() const;
};

enum class Failure {
  kNone,
  kCancelled,    // Options::cancel became true
  kUnreachable,  // name, route, refused or timed-out connection
  kNotTls,       // the other side does not speak TLS
  kTls,          // TLS failed for another reason
  kCertificate,  // verification of either side's certificate failed
  kLost,         // the connection broke after it was made
  kTruncated,    // it ended in good order before the announced length
  kStalled,      // too slow for too long
  kRefused,      // the answer breaks our rules: too large, forbidden redirect, not HTTP
  kSink,         // the sink said no: the error is the sink's
  kUpload,       // the body could not be read: the error is the reader's
};

// What came of a request. An HTTP error status is an answer like others: ok() is true.
struct Transfer {
  Response response;  // as far as it came
  Failure failure = Failure::kNone;
  std::optional<Error> error;  // present unless kNone; one sentence that names host and cause
  bool ok() const { return failure == Failure::kNone; }
};

struct Options {
  bool allow_http = false;   // http:// URLs and redirects to them
  bool verify_tls = true;
  // Folders as certs.d has them: *.crt are further CAs, X.cert + X.key a client certificate, which
  // is offered to `client_cert_host` only.
  std::vector<std::string> cert_dirs;
  std::string client_cert_host;
  std::string user_agent;
  int64_t connect_timeout_s = 30;  // name, TCP and TLS together
  // Less than 1 KiB/s for so long, in either direction; time in the sink doesn't count. A server that has a whole
  // body gets five times as long for its answer: it may have to move it to where it belongs.
  int64_t stall_timeout_s = 60;
  const std::atomic<bool>* cancel = nullptr;  // looked at 5 times a second
};

// Thread safe: each request uses a connection of its own, kept open and used again by later ones.
// Name lookups and TLS sessions are shared. Proxies come from the environment (http_proxy,
// https_proxy, all_proxy, no_proxy, either case; never for loopback addresses).
class Client {
 public:
  // kInvalidArgument or kNotFound for bad cert_dirs contents.
  static Result<std::unique_ptr<Client>> Create(Options options);
  ~Client();

  // Body chunks of a 2xx answer, in order, with the head of that answer.
  using Sink = std::function<Status(const Response& head, std::string_view chunk)>;

  // With an empty sink the body is collected in Response::body.
  Transfer Perform(const Request& request, const Sink& sink = {});

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ctool::http
