// SPDX-License-Identifier: Apache-2.0
#include "registry/auth_internal.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "http/url.hpp"
#include "registry/backoff_internal.hpp"
#include "registry/explain_internal.hpp"

namespace ctool::registry {
namespace {

constexpr size_t kMaxTokenDocument = 1 << 20, kMaxTokenLength = 64 << 10, kMaxParameter = 4096;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDefaultLifetime = 60, kMaxLifetime = 86400;  // seconds

Error BadToken(const std::string& host, std::string_view why) {
  return Error(Code::kCorrupt, "token server " + Printable(host) + ": " + std::string(why));
}

// Visible ASCII only: it goes into a header.
bool ValidToken(std::string_view token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

struct Token {
  std::string value;
  int64_t lifetime = kDefaultLifetime;
};

Result<Token> ParseToken(const std::string& host, const std::string& body) {
  const nlohmann::json doc = nlohmann::json::parse(body, nullptr, false);
  if (!doc.is_object()) return BadToken(host, "the answer is not a JSON object");
  Token out;
  for (const char* key : {"token", "access_token"}) {
    const auto value = doc.find(key);
    if (out.value.empty() && value != doc.end() && value->is_string())
      out.value = value->get_ref<const std::string&>();
  }
  if (out.value.empty()) return BadToken(host, "the answer has no token");
  if (out.value.size() > kMaxTokenLength) return BadToken(host, "the token is larger than 64 KiB");
  if (!ValidToken(out.value)) return BadToken(host, "the token has forbidden characters in it");
  const auto lifetime = doc.find("expires_in");
  if (lifetime != doc.end() && lifetime->is_number_integer())
    out.lifetime = std::clamp<int64_t>(lifetime->get<int64_t>(), kDefaultLifetime, kMaxLifetime);
  return out;
}

}  // namespace

std::string Base64(std::string_view bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

Result<std::string> Authorizer::Header() {
  const std::lock_guard lock(mutex_);
  if (bearer_ && MonotonicNanos() >= expires_) TRY(FetchToken());
  return header_;
}

Status Authorizer::Answer(const http::Response& refused, const std::string& used) {
  const std::lock_guard lock(mutex_);
  if (header_ != used) return Ok();
  registry_scheme_ = TRY(http::Url::Parse(refused.url)).scheme;
  std::vector<Challenge> challenges =
      TRY(ParseChallenges(refused.HeaderValues("www-authenticate")));
  const auto find = [&](std::string_view scheme) {
    return std::find_if(challenges.begin(), challenges.end(),
                        [&](const Challenge& c) { return c.scheme == scheme; });
  };
  if (const auto bearer = find("bearer"); bearer != challenges.end()) {
    bearer_ = std::move(*bearer);
    return FetchToken();
  }
  if (find("basic") != challenges.end()) return AnswerBasic();
  http::Transfer transfer;
  transfer.response = refused;
  Error error = Explain(endpoint_, transfer, "");
  if (challenges.empty()) return error;
  return std::move(error).Wrap(DisplayHost(endpoint_) + " wants an authentication that is not " +
                               "supported (" + Printable(challenges[0].scheme.substr(0, 40)) + ")");
}

Status Authorizer::AnswerBasic() {
  const Credentials& credentials = endpoint_.credentials;
  const std::string header = "Basic " + Base64(credentials.username + ":" + credentials.password);
  if (credentials.username.empty() || header_ == header) {
    http::Transfer transfer;
    transfer.response.status = 401;
    return Explain(endpoint_, transfer, "");
  }
  header_ = header;
  return Ok();
}

// The realm is the registry's word for where to send user and password.
Status Authorizer::CheckRealm(const std::string& realm) const {
  const auto refuse = [&](const std::string& why) {
    return Error(Code::kPermission,
                 "refusing realm " + Quote(http::RedactUrl(realm).substr(0, 200)) + ": " + why);
  };
  const Result<http::Url> url = http::Url::Parse(realm);
  if (!url.ok()) return refuse("not a URL");
  if (url->scheme != "https" && url->scheme != "http") return refuse("not a web address");
  if (url->scheme == "http" && registry_scheme_ != "http")
    return refuse("refusing to send credentials over http");
  if (url->has_user) return refuse("it has a user name in it");
  if (url->has_fragment) return refuse("it has a fragment");
  return Ok();
}

// Docker Registry v2 authentication via central service: GET with a scope, or the OAuth2 POST
// when there is a refresh token. The scope is ours, whatever the challenge says.
Result<http::Request> Authorizer::TokenRequest() const {
  const auto parameter = [&](const char* name) {
    const auto it = bearer_->parameters.find(name);
    return it == bearer_->parameters.end() ? std::string() : it->second;
  };
  const std::string realm = parameter("realm"), service = parameter("service");
  if (realm.empty()) return Error(Code::kCorrupt, "malformed challenge: it has no realm");
  if (realm.size() > kMaxParameter || service.size() > kMaxParameter)
    return Error(Code::kCorrupt, "malformed challenge: too long");
  TRY(CheckRealm(realm));
  http::Request request;
  request.max_body = kMaxTokenDocument;
  request.follow_redirects = false;
  request.refuse_link_local = true;
  const Credentials& credentials = endpoint_.credentials;
  std::vector<std::pair<std::string, std::string>> fields;
  if (!service.empty()) fields.emplace_back("service", service);
  // No repository: a login needs no right, and a search that to the catalog.
  const bool catalog = endpoint_.repository.empty() && options_.catalog;
  if (catalog) fields.emplace_back("scope", "registry:catalog:*");
  if (!endpoint_.repository.empty())
    fields.emplace_back("scope", "repository:" + endpoint_.repository + (options_.push ? ":pull,push" : ":pull"));
  const size_t own_scope = fields.empty() ? 0 : fields.size() - 1;
  for (const std::string& source : options_.mount_from) fields.emplace_back("scope", "repository:" + source + ":pull");
  if (!credentials.identity_token.empty()) {
    // OAuth2 has one scope, of words.
    while (fields.size() > own_scope + 1) {
      fields[own_scope].second += " " + fields.back().second;
      fields.pop_back();
    }
    fields.emplace_back("grant_type", "refresh_token");
    fields.emplace_back("client_id", "ctool");
    fields.emplace_back("refresh_token", credentials.identity_token);
    request.method = "POST";
    request.url = realm;
    request.headers = {"Content-Type: application/x-www-form-urlencoded"};
    request.body = http::EncodeForm(fields);
    return request;
  }
  if (!credentials.username.empty()) {
    fields.emplace_back("account", credentials.username);
    request.authorization = "Basic " + Base64(credentials.username + ":" + credentials.password);
  }
  request.url = TRY(http::AppendQuery(realm, fields));
  return request;
}

Status Authorizer::FetchToken() {
  const http::Request request = TRY(TokenRequest());
  const std::string host = TRY(http::Url::Parse(request.url)).host;
  const int64_t begin = MonotonicNanos();
  Backoff backoff(options_, host);
  http::Transfer got = http_.Perform(request);
  while ((!got.ok() || got.response.status != 200) && MayHelp(got, false) && backoff.Wait(got))
    got = http_.Perform(request);
  if (!got.ok() || got.response.status != 200) {
    if (got.ok() && got.response.status >= 300 && got.response.status < 400)
      return BadToken(host, "refusing to follow a redirect with credentials");
    return Explain(endpoint_, got, "not found").Wrap("token server " + Printable(host));
  }
  const Token token = TRY(ParseToken(host, got.response.body));
  header_ = "Bearer " + token.value;
  // A little early, so that it does not run out on the way; counted from before the request.
  expires_ = begin + (token.lifetime - 5) * kSecond;
  return Ok();
}

}  // namespace ctool::registry
