// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <curl/curl.h>

#include <array>
#include <mutex>

#include "base/log.hpp"
#include "base/text.hpp"
#include "http/session_internal.hpp"
#include "http/tls_internal.hpp"
#include "http/url.hpp"

namespace ctool::http {
namespace {

constexpr int kMaxRedirects = 10;

// Name lookups and TLS sessions, shared by the sessions of a client.
class Share {
 public:
  Share() : handle_(curl_share_init()) {
    CHECK(handle_ != nullptr);
    curl_share_setopt(handle_, CURLSHOPT_LOCKFUNC, &Lock);
    curl_share_setopt(handle_, CURLSHOPT_UNLOCKFUNC, &Unlock);
    curl_share_setopt(handle_, CURLSHOPT_USERDATA, this);
    curl_share_setopt(handle_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(handle_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { curl_share_cleanup(handle_); }
  CURLSH* get() const { return handle_; }

 private:
  static void Lock(CURL*, curl_lock_data data, curl_lock_access, void* self) {
    static_cast<Share*>(self)->mutexes_[data].lock();
  }
  static void Unlock(CURL*, curl_lock_data data, void* self) {
    static_cast<Share*>(self)->mutexes_[data].unlock();
  }

  std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_;
  CURLSH* handle_;
};

void InitCurlOnce() {
  static std::once_flag once;
  std::call_once(once, [] { CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Transfer Refuse(Transfer transfer, const std::string& why) {
  transfer.failure = Failure::kRefused;
  transfer.error = Error(Code::kCorrupt, why);
  return transfer;
}

}  // namespace

std::string_view Response::Header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_name) return value;
  return {};
}

std::vector<std::string_view> Response::HeaderValues(std::string_view lower_name) const {
  std::vector<std::string_view> out;
  for (const auto& [name, value] : headers)
    if (name == lower_name) out.push_back(value);
  return out;
}

std::string Response::ContentType() const {
  const std::string_view value = Header("content-type");
  return ToLower(Trim(value.substr(0, value.find(';'))));
}

struct Client::State {
  // Most recently used last: its connection is the likeliest to be still open.
  std::unique_ptr<Session> Take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Session>(options, trust, share.get());
    std::unique_ptr<Session> session = std::move(idle.back());
    idle.pop_back();
    return session;
  }
  void Return(std::unique_ptr<Session> session) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(session));
  }

  // A CA that the hashed directory lacks may be in the bundle: tried once, then kept to. Nothing
  // was sent before that, so the request can simply be sent again.
  Transfer RunVerified(Session& session, const Request& request, const Sink& sink) {
    const CaSource source = ca_source;
    Transfer out = session.Run(request, source, sink);
    const bool other = out.failure == Failure::kCertificate && options.verify_tls &&
                       source == CaSource::kDirectory && !trust.ca_dir.empty() &&
                       !trust.ca_file.empty();
    if (!other) return out;
    Transfer again = session.Run(request, CaSource::kBundle, sink);
    if (again.failure != Failure::kCertificate) ca_source = CaSource::kBundle;
    return again;
  }

  Options options;
  Trust trust;
  std::atomic<CaSource> ca_source{CaSource::kDirectory};
  Share share;  // outlives the sessions
  std::mutex mutex;
  std::vector<std::unique_ptr<Session>> idle;
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Create(Options options) {
  InitCurlOnce();
  auto state = std::make_unique<State>();
  state->trust = TRY(Trust::Find(options.cert_dirs));
  state->options = std::move(options);
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Transfer Client::Perform(const Request& request, const Sink& sink) {
  std::unique_ptr<Session> session = state_->Take();
  Request current = request;
  for (int hop = 0;; ++hop) {
    Transfer out = state_->RunVerified(*session, current, sink);
    Debug("http: " + current.method + " " + RedactUrl(current.url) + ": " +
          (out.ok() ? std::to_string(out.response.status) : out.error->Message()));
    const bool follow = out.ok() && IsRedirect(out.response.status) && request.follow_redirects &&
                        (request.method == "GET" || request.method == "HEAD");
    if (!follow) {
      state_->Return(std::move(session));
      return out;
    }
    const std::string location(out.response.Header("location"));
    const Result<std::string> next = ResolveUrl(current.url, location);
    const Result<Url> from = Url::Parse(current.url);
    const Result<Url> to = next.ok() ? Url::Parse(*next) : Result<Url>(next.error());
    if (!to.ok() || !from.ok()) return Refuse(std::move(out), "redirect to an invalid URL");
    if (hop == kMaxRedirects)
      return Refuse(std::move(out), from->host + ": more than 10 redirects");
    if (to->scheme != "https" && !(to->scheme == "http" && state_->options.allow_http))
      return Refuse(std::move(out), from->host + ": refusing a redirect to " +
                                        Quote(to->scheme + "://" + to->host));
    if (to->has_user)
      return Refuse(std::move(out), from->host + ": refusing a redirect with a password in it");
    if (!from->SameOrigin(*to)) current.authorization.clear();
    current.url = *next;
  }
}

}  // namespace ctool::http
