// SPDX-License-Identifier: Apache-2.0
#include "registry/transport_internal.hpp"

#include <vector>

#include "base/text.hpp"
#include "http/url.hpp"
#include "registry/backoff_internal.hpp"

namespace ctool::registry {
namespace {

// A server that does not answer a TLS handshake on an insecure registry's port may simply be
// waiting for the end of a line.
constexpr int64_t kDiscoveryTimeout = 10;  // seconds

bool Insecure(const Endpoint& endpoint) { return endpoint.allow_http || endpoint.skip_tls_verify; }

std::string HostName(const std::string& host) {
  const Result<http::Url> url = http::Url::Parse("https://" + host + "/");
  return url.ok() ? url->host : host;
}

// Schemes to try, in order. TLS comes first; on the way to ourselves there is nobody to hide from,
// and plain HTTP is what is usually there.
std::vector<const char*> Schemes(const Endpoint& endpoint) {
  if (!Insecure(endpoint)) return {"https"};
  if (http::IsLoopback(HostName(endpoint.host))) return {"http", "https"};
  return {"https", "http"};
}

// Whether this is the answer of somebody who speaks `scheme`. A TLS server that is spoken to in
// plain HTTP says 400, if it says anything.
bool Speaks(const char* scheme, const http::Transfer& transfer) {
  if (transfer.failure == http::Failure::kCancelled) return true;  // no reason to go on
  if (!transfer.ok()) return false;
  return std::string_view(scheme) == "https" || transfer.response.status != 400;
}

}  // namespace

Transport::Transport(Endpoint endpoint, Client::Options options)
    : endpoint_(std::move(endpoint)), options_(std::move(options)) {}

Result<std::unique_ptr<Transport>> Transport::Create(Endpoint endpoint, Client::Options options) {
  http::Options http;
  http.allow_http = Insecure(endpoint);
  http.verify_tls = !Insecure(endpoint);
  http.cert_dirs = endpoint.cert_dirs;
  http.client_cert_host = HostName(endpoint.host);
  http.user_agent = options.user_agent.empty() ? "ctool/" CTOOL_VERSION : options.user_agent;
  http.stall_timeout_s = options.stall_timeout_s;
  http.cancel = options.cancel;
  std::unique_ptr<Transport> out(new Transport(std::move(endpoint), std::move(options)));
  out->http_ = TRY(http::Client::Create(std::move(http)));
  out->authorizer_ = std::make_unique<Authorizer>(out->endpoint_, out->options_, *out->http_);
  const std::vector<const char*> schemes = Schemes(out->endpoint_);
  if (schemes.size() == 1) out->scheme_ = schemes[0];
  return out;
}

std::string Transport::Url(const std::string& scheme, const std::string& path) const {
  return scheme + "://" + endpoint_.host + path;
}

// Sends the request in each scheme until one works: the answer is the request's, so that a plain
// registry on this machine costs no extra round trip.
http::Transfer Transport::Discover(const http::Request& request, const std::string& path) {
  http::Transfer first, out;
  const std::vector<const char*> schemes = Schemes(endpoint_);
  for (const char* scheme : schemes) {
    http::Request attempt = request;
    attempt.url = Url(scheme, path);
    attempt.connect_timeout_s = kDiscoveryTimeout;
    out = http_->Perform(attempt);
    if (Speaks(scheme, out)) {
      if (out.ok()) scheme_ = scheme;
      return out;
    }
    if (scheme == schemes.front()) first = out;
  }
  // Neither worked. That the other side does not speak TLS is the poorest explanation, that it
  // can't be reached the next.
  const auto weight = [](const http::Transfer& transfer) {
    if (transfer.ok()) return 3;
    if (transfer.failure == http::Failure::kNotTls) return 0;
    return transfer.failure == http::Failure::kUnreachable ? 1 : 2;
  };
  return weight(out) > weight(first) ? out : first;
}

http::Transfer Transport::Perform(http::Request request, const std::string& path,
                                  const http::Client::Sink& sink) {
  if (scheme_ == nullptr) {
    const std::lock_guard lock(discovery_);
    if (scheme_ == nullptr) {
      // A stream can't be sent twice: something small goes ahead of it.
      http::Transfer probe = sink ? Discover(http::Request{}, "/v2/") : Discover(request, path);
      if (scheme_ == nullptr || !sink) return probe;
    }
  }
  request.url = Url(scheme_.load(), path);
  return http_->Perform(request, sink);
}

// `send` sends a request that has its authorization.
template <class Sender>
http::Transfer Transport::Authorized(http::Request request, Sender send) {
  const auto refuse = [](Error error) {
    http::Transfer out;
    out.failure = http::Failure::kRefused;
    out.error = std::move(error);
    return out;
  };
  for (bool answered = false;; answered = true) {
    const Result<std::string> header = authorizer_->Header();
    if (!header.ok()) return refuse(header.error());
    request.authorization = *header;
    http::Transfer out = send(request);
    if (out.ok()) contacted_ = true;
    if (!out.ok() || out.response.status != 401 || answered) return out;
    // Only the registry itself may ask for its credentials, not where it redirects to.
    const Result<http::Url> from = http::Url::Parse(out.response.url);
    const Result<http::Url> registry = http::Url::Parse(Url(scheme_.load(), "/"));
    if (!from.ok() || !registry.ok() || !from->SameOrigin(*registry)) return out;
    Status answer = authorizer_->Answer(out.response, *header);
    if (!answer.ok()) return refuse(std::move(answer).error());
  }
}

http::Transfer Transport::Send(http::Request request, const std::string& path,
                               const http::Client::Sink& sink) {
  return Authorized(std::move(request), [&](const http::Request& one) { return Perform(one, Path(path), sink); });
}

// A path that begins with "/" is the registry's own.
std::string Transport::Path(const std::string& path) const {
  return StartsWith(path, "/") ? path : "/v2/" + endpoint_.repository + "/" + path;
}

http::Transfer Transport::SendTo(http::Request request, const std::string& url) {
  request.url = url;
  const Result<http::Url> to = http::Url::Parse(url);
  const Result<http::Url> registry = http::Url::Parse(Url(scheme_.load(), "/"));
  const auto refuse = [&](const std::string& why) {
    http::Transfer out;
    out.failure = http::Failure::kRefused;
    out.error = Error(Code::kPermission, "refusing the location " + Quote(http::RedactUrl(url).substr(0, 200)) + " that " +
                                             endpoint_.host + " gave: " + why);
    return out;
  };
  if (!to.ok() || !registry.ok()) return refuse("not a URL");
  if (to->SameOrigin(*registry))
    return Authorized(std::move(request), [&](const http::Request& one) { return http_->Perform(one); });
  if (to->scheme != "https" && !(to->scheme == "http" && registry->scheme == "http"))
    return refuse("less safe than the registry itself");
  if (to->has_user) return refuse("it has a user name in it");
  request.refuse_link_local = true;
  return http_->Perform(request);
}

http::Transfer Transport::SendPersistently(const http::Request& request, const std::string& path) {
  Backoff backoff(options_, endpoint_.host);
  for (;;) {
    http::Transfer out = Send(request, path);
    if (!MayHelp(out, contacted_) || !backoff.Wait(out)) return out;
  }
}

}  // namespace ctool::registry
