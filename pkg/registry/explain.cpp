// SPDX-License-Identifier: Apache-2.0
#include "registry/explain_internal.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "registry/backoff_internal.hpp"

namespace ctool::registry {
namespace {

constexpr size_t kMaxMessage = 300;

bool HasCredentials(const Endpoint& endpoint) {
  return !endpoint.credentials.username.empty() || !endpoint.credentials.identity_token.empty();
}

std::string WithMessage(std::string text, const std::string& message) {
  if (message.empty() || ToLower(message) == ToLower(text)) return text;
  return text + ": " + message;
}

Error Unauthorized(const Endpoint& endpoint, const http::Response& response) {
  const std::string host = DisplayHost(endpoint);
  Error error(Code::kPermission, WithMessage("unauthorized", ServerMessage(response)));
  if (HasCredentials(endpoint))
    return std::move(error).Hint("the credentials for " + host +
                                 " do not give access to it; check the name, or log in again: "
                                 "ctool login " +
                                 host);
  return std::move(error).Hint("it may not exist, or need a login: ctool login " + host);
}

Error TooManyRequests(const http::Response& response) {
  std::string text = "too many requests";
  if (const int64_t seconds = RetryAfterSeconds(response); seconds > 0)
    text += " (retry after " + std::to_string(seconds) + " s)";
  return Error(Code::kNetwork, WithMessage(text, ServerMessage(response)));
}

Error ForFailure(const Endpoint& endpoint, const http::Transfer& transfer) {
  Error error = *transfer.error;
  const std::string host = DisplayHost(endpoint);
  switch (transfer.failure) {
    case http::Failure::kNotTls:
      return std::move(error).Hint("if " + host +
                                   " is meant to speak plain HTTP, set insecure = true for it in "
                                   "registries.conf, or pass --tls-verify=false");
    case http::Failure::kCertificate:
      return std::move(error).Hint("put its CA certificate (.crt), or your client certificate "
                                   "(.cert and .key), into /etc/containers/certs.d/" +
                                   host + "; --tls-verify=false gives up all verification; see: ctool doctor for the clock");
    case http::Failure::kUnreachable:
      return std::move(error).Hint("is the name right, and the network there? see: ctool doctor");
    default: return error;
  }
}

}  // namespace

std::string DisplayHost(const Endpoint& endpoint) {
  return endpoint.host == "registry-1.docker.io" ? "docker.io" : endpoint.host;
}

std::string DisplayName(const Endpoint& endpoint) {
  return DisplayHost(endpoint) + "/" + endpoint.repository;
}

std::string ServerMessage(const http::Response& response) {
  const nlohmann::json doc = nlohmann::json::parse(response.body, nullptr, false);
  if (!doc.is_object()) return "";
  const auto errors = doc.find("errors");
  const bool list = errors != doc.end() && errors->is_array() && !errors->empty();
  // Token servers put "details" or "message" at the top.
  const nlohmann::json& one = list ? errors->front() : doc;
  if (!one.is_object()) return "";
  for (const char* key : {"message", "details", "code"}) {
    const auto text = one.find(key);
    if (text == one.end() || !text->is_string()) continue;
    const std::string& message = text->get_ref<const std::string&>();
    if (!message.empty()) return Printable(message.substr(0, kMaxMessage));
  }
  return "";
}

Error Explain(const Endpoint& endpoint, const http::Transfer& transfer, std::string_view missing) {
  if (!transfer.ok()) return ForFailure(endpoint, transfer);
  const http::Response& response = transfer.response;
  switch (response.status) {
    case 401:
    case 403: return Unauthorized(endpoint, response);
    case 404:
      return Error(Code::kNotFound, WithMessage(std::string(missing), ServerMessage(response)));
    case 429: return TooManyRequests(response);
    default:
      return Error(Code::kNetwork,
                   WithMessage(DisplayHost(endpoint) + " answered with HTTP status " +
                                   std::to_string(response.status),
                               ServerMessage(response)));
  }
}

Error ExplainUpload(const Endpoint& endpoint, const http::Transfer& transfer) {
  if (!transfer.ok()) return ForFailure(endpoint, transfer);
  const http::Response& response = transfer.response;
  const std::string host = DisplayHost(endpoint), message = ServerMessage(response);
  const auto answer = [&] {
    return WithMessage(host + " answered with HTTP status " + std::to_string(response.status), message);
  };
  switch (response.status) {
    case 400: {
      const bool digest = ToLower(response.body).find("digest_invalid") != std::string::npos;
      if (!digest) return Error(Code::kInvalidArgument, WithMessage(host + " refuses it (400)", message));
      return Error(Code::kCorrupt, WithMessage("digest mismatch at " + host, message))
          .Hint("the image may be damaged here: pull it again, or see `ctool system check`");
    }
    case 403:
      return Error(Code::kPermission, WithMessage("denied", message))
          .Hint(HasCredentials(endpoint) ? "the credentials for " + host + " give no right to push to " +
                                               endpoint.repository
                                         : "a push may need a login: ctool login " + host);
    case 404: return Error(Code::kNotFound, WithMessage("repository unknown", message));
    case 405:
      return Error(Code::kUnsupported, WithMessage(host + " takes no uploads (405)", message))
          .Hint("it may be read-only, or a mirror");
    case 413:
      return Error(Code::kNetwork, WithMessage("too large for " + host + " (413)", message))
          .Hint("a proxy in front of the registry may limit the size of a request; nginx: client_max_body_size 0");
    case 507: return Error(Code::kIo, WithMessage(host + " is full (507)", message));
    default: break;
  }
  if (response.status >= 200 && response.status < 400) return Error(Code::kCorrupt, answer() + ", which is no answer to that");
  return Explain(endpoint, transfer, "repository unknown");
}

}  // namespace ctool::registry
