// SPDX-License-Identifier: Apache-2.0
#include "http/session_internal.hpp"

#include <signal.h>

#include <array>
#include <cstdlib>

#include "base/text.hpp"
#include "http/exchange_internal.hpp"

namespace ctool::http {
namespace {

// OpenSSL may write(2) to a dead connection. The signal is held back in this thread and taken
// away again, so that it neither ends the program nor needs a process-wide handler.
class HoldSigpipe {
 public:
  HoldSigpipe() {
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &old_);
  }
  HoldSigpipe(const HoldSigpipe&) = delete;
  HoldSigpipe& operator=(const HoldSigpipe&) = delete;
  ~HoldSigpipe() {
    const timespec now{};
    while (!was_pending_ && ::sigtimedwait(&pipe_, nullptr, &now) > 0) continue;
    ::pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }

 private:
  sigset_t pipe_{}, old_{};
  bool was_pending_ = false;
};

// One option. All of ours are constants of this file: a failure is out-of-memory or a libcurl
// built without TLS, and goes on to fail in the transfer itself.
template <class T>
void Set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

bool HasVariable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

Session::Session(const Options& options, const Trust& trust, CURLSH* share)
    : options_(options), trust_(trust), multi_(curl_multi_init()), easy_(curl_easy_init()) {
  CHECK(multi_ && easy_);
  Set(easy_.get(), CURLOPT_SHARE, share);
}

void Session::Configure(const Request& request, const Url& url, CaSource source) {
  CURL* easy = easy_.get();
  curl_easy_reset(easy);
  const char* protocols = options_.allow_http ? "https,http" : "https";
  Set(easy, CURLOPT_PROTOCOLS_STR, protocols);
  Set(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  Set(easy, CURLOPT_URL, request.url.c_str());
  Set(easy, CURLOPT_FOLLOWLOCATION, 0L);  // Client follows by hand
  Set(easy, CURLOPT_MAXREDIRS, 0L);
  Set(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
  Set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  Set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  Set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  Set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  Set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_NOPROGRESS, 1L);
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy, CURLOPT_BUFFERSIZE, 256L << 10);  // fewer callbacks than with 16 KiB
  Set(easy, CURLOPT_CONNECTTIMEOUT,
      static_cast<long>(request.connect_timeout_s > 0 ? request.connect_timeout_s
                                                      : options_.connect_timeout_s));
  if (!options_.user_agent.empty()) Set(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  ConfigureTls(url, source);
  ConfigureProxy(url);
  ConfigureMethod(request);
}

void Session::ConfigureTls(const Url& url, CaSource source) {
  CURL* easy = easy_.get();
  Set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  Set(easy, CURLOPT_SSL_VERIFYPEER, options_.verify_tls ? 1L : 0L);
  Set(easy, CURLOPT_SSL_VERIFYHOST, options_.verify_tls ? 2L : 0L);
  if (options_.verify_tls) {
    ApplyTrust(easy, trust_, source);
  } else {
    Set(easy, CURLOPT_CAINFO, nullptr);  // 40 ms that nothing would come of
    Set(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!trust_.client_cert.empty() && url.host == options_.client_cert_host) {
    Set(easy, CURLOPT_SSLCERT, trust_.client_cert.c_str());
    Set(easy, CURLOPT_SSLKEY, trust_.client_key.c_str());
  }
}

// libcurl reads the variables itself; two habits of Go programs are added.
void Session::ConfigureProxy(const Url& url) {
  if (IsLoopback(url.host)) {
    Set(easy_.get(), CURLOPT_NOPROXY, "*");
    return;
  }
  // curl leaves HTTP_PROXY alone because a CGI client can set it; so does Go, for CGI programs.
  if (url.scheme == "http" && !HasVariable("http_proxy") && HasVariable("HTTP_PROXY") &&
      !HasVariable("REQUEST_METHOD"))
    Set(easy_.get(), CURLOPT_PROXY, std::getenv("HTTP_PROXY"));
}

void Session::ConfigureMethod(const Request& request) {
  CURL* easy = easy_.get();
  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(list, line.c_str());
    CHECK(longer != nullptr);
    list = longer;
  };
  for (const std::string& header : request.headers) add(header);
  const bool sends = request.method == "PUT" || request.method == "PATCH";
  if (sends) add("Expect:");  // a round trip, or a second of waiting: the authorization was tried before
  if (!request.authorization.empty()) add("Authorization: " + request.authorization);
  if (request.range_from)
    add("Range: bytes=" + std::to_string(*request.range_from) + "-" +
        (request.range_last ? std::to_string(*request.range_last) : std::string()));
  headers_.reset(list);
  Set(easy, CURLOPT_HTTPHEADER, list);
  if (request.method == "HEAD") {
    Set(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method == "POST") {
    Set(easy, CURLOPT_POST, 1L);
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(easy, CURLOPT_POSTFIELDS, request.body.data());  // not copied: request outlives the run
  } else if (sends) {
    const auto in_memory = static_cast<int64_t>(request.body.size());
    Set(easy, CURLOPT_UPLOAD, 1L);
    Set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    Set(easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);  // fewer callbacks than with 64 KiB
    Set(easy, CURLOPT_INFILESIZE_LARGE,
        static_cast<curl_off_t>(request.upload != nullptr ? request.upload->size : in_memory));
  } else if (request.method != "GET") {
    Set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

Transfer Session::Run(const Request& request, CaSource source, const Client::Sink& sink) {
  Exchange exchange(easy_.get(), request, sink);
  const Result<Url> url = Url::Parse(request.url);
  if (!url.ok()) {
    exchange.Fail(Failure::kRefused, url.error());
    return std::move(exchange.out);
  }
  Configure(request, *url, source);
  AttachExchange(exchange);
  if (request.refuse_link_local) RefuseLinkLocal(exchange);
  std::array<char, CURL_ERROR_SIZE> detail{};
  Set(easy_.get(), CURLOPT_ERRORBUFFER, detail.data());

  const HoldSigpipe hold;
  CHECK(curl_multi_add_handle(multi_.get(), easy_.get()) == CURLM_OK);
  const CURLcode code = Drive(multi_.get(), exchange, options_);
  // Before the handle is removed: that takes away what is asked for here.
  if (code != CURLE_OK && !exchange.enough) NameCause(code, detail.data(), *url, exchange);
  curl_multi_remove_handle(multi_.get(), easy_.get());
  Set(easy_.get(), CURLOPT_ERRORBUFFER, nullptr);
  exchange.out.response.url = request.url;
  return std::move(exchange.out);
}

void Session::NameCause(CURLcode code, const std::string& detail, const Url& url,
                        Exchange& exchange) const {
  if (exchange.out.failure == Failure::kStalled) {
    Error stalled = std::move(*exchange.out.error).Wrap(url.host);
    exchange.out.error = std::move(stalled);
  }
  if (exchange.out.failure != Failure::kNone) return;  // we ended it ourselves, and said why
  if (exchange.refused_address) {
    exchange.Fail(Failure::kRefused,
                  Error(Code::kPermission, Printable(url.host) + ": refusing to connect to a " +
                                               "link-local or unspecified address"));
    return;
  }
  const int64_t timeout = exchange.request.connect_timeout_s > 0
                              ? exchange.request.connect_timeout_s
                              : options_.connect_timeout_s;
  Diagnosis why = Diagnose(code, easy_.get(), detail, url, timeout);
  const bool broke = why.failure == Failure::kLost || why.failure == Failure::kTls;
  if (broke && exchange.certificate_wanted && exchange.out.response.status == 0 &&
      trust_.client_cert.empty())
    why = CertificateWanted(url);
  exchange.Fail(why.failure, std::move(why.error));
}

}  // namespace ctool::http
