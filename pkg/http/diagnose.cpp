// SPDX-License-Identifier: Apache-2.0
//
// From libcurl's codes to sentences that say which host, and why.
#include <cstring>

#include "base/text.hpp"
#include "http/session_internal.hpp"

namespace ctool::http {
namespace {

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string HostPort(const Url& url) {
  const std::string host = Contains(url.host, ":") ? "[" + url.host + "]" : url.host;
  return Printable(host + ":" + std::to_string(url.port));
}

// OpenSSL's X509_V_ERR_* numbers, which are part of its interface.
std::string CertificateProblem(long verify_result, const std::string& detail) {
  switch (verify_result) {
    case 9: return "its certificate is not valid yet";
    case 10: return "its certificate has expired";
    case 18: return "its certificate is self-signed";
    case 19: return "its certificate is signed by a self-signed CA that is not trusted here";
    case 20:
    case 21: return "its certificate is signed by an unknown authority";
    case 23: return "its certificate was revoked";
    case 62: return "its certificate is for another host name";
    default: break;
  }
  if (Contains(detail, "no alternative certificate subject name") ||
      Contains(detail, "does not match target host name"))
    return "its certificate is for another host name";
  return Printable(detail);
}

// The other side's complaint about our own certificate arrives as an alert, at handshake time or,
// with TLS 1.3, when the first answer is read.
bool WantsClientCertificate(const std::string& detail) {
  return Contains(detail, "certificate required") || Contains(detail, "alert bad certificate") ||
         Contains(detail, "alert handshake failure");
}

Diagnosis Tls(Failure failure, const Url& url, const std::string& why) {
  return {failure, Error(Code::kNetwork, "TLS connection to " + HostPort(url) + ": " + why)};
}

Diagnosis Unreachable(const std::string& text) {
  return {Failure::kUnreachable, Error(Code::kNetwork, text)};
}

Diagnosis Lost(const Url& url, const std::string& why) {
  return {Failure::kLost, Error(Code::kNetwork, HostPort(url) + ": " + why)};
}

Diagnosis Refused(const Url& url, const std::string& why) {
  return {Failure::kRefused, Error(Code::kCorrupt, HostPort(url) + ": " + why)};
}

Diagnosis CouldNotConnect(CURL* easy, const std::string& detail, const Url& url) {
  long os_errno = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_errno);
  const char* why = os_errno != 0 ? ::strerrordesc_np(static_cast<int>(os_errno)) : nullptr;
  return Unreachable("cannot connect to " + HostPort(url) + ": " +
                     (why != nullptr ? std::string(why) : Printable(detail)));
}

Diagnosis NoHandshake(const std::string& detail, const Url& url) {
  if (Contains(detail, "wrong version number") || Contains(detail, "http request"))
    return Tls(Failure::kNotTls, url, "the server does not speak TLS");
  if (WantsClientCertificate(detail))
    return CertificateWanted(url);
  return Tls(Failure::kTls, url, "handshake failed: " + Printable(detail));
}

// "CONNECT tunnel failed, response 407"
Diagnosis Broken(const std::string& detail, const Url& url) {
  if (Contains(detail, "CONNECT tunnel failed"))
    return Unreachable("cannot reach " + HostPort(url) + " through the proxy: " +
                       Printable(detail));
  if (WantsClientCertificate(detail))
    return CertificateWanted(url);
  if (Contains(detail, "reset by peer")) return Lost(url, "connection reset");
  return Lost(url, "connection lost: " + Printable(detail));
}

}  // namespace

Diagnosis CertificateWanted(const Url& url) {
  return Tls(Failure::kCertificate, url, "the server wants a client certificate");
}

Diagnosis Diagnose(CURLcode code, CURL* easy, const std::string& detail, const Url& url,
                   int64_t connect_timeout_s) {
  const std::string text = detail.empty() ? curl_easy_strerror(code) : detail;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Unreachable("cannot resolve the host name " + Quote(url.host));
    case CURLE_COULDNT_RESOLVE_PROXY: return Unreachable("cannot resolve the proxy's host name");
    case CURLE_COULDNT_CONNECT: return CouldNotConnect(easy, text, url);
    case CURLE_OPERATION_TIMEDOUT:
      return Unreachable("cannot connect to " + HostPort(url) + ": no connection within " +
                         std::to_string(connect_timeout_s) + " s");
    case CURLE_PEER_FAILED_VERIFICATION: {
      long verify_result = 0;
      curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify_result);
      return Tls(Failure::kCertificate, url, CertificateProblem(verify_result, text));
    }
    case CURLE_SSL_CERTPROBLEM:
      return Tls(Failure::kCertificate, url, "our client certificate: " + Printable(text));
    case CURLE_SSL_CACERT_BADFILE:
      return Tls(Failure::kTls, url, "CA certificates: " + Printable(text));
    case CURLE_SSL_CONNECT_ERROR: return NoHandshake(text, url);
    case CURLE_GOT_NOTHING: return Lost(url, "connection closed without an answer");
    case CURLE_PARTIAL_FILE:
      return {Failure::kTruncated,
              Error(Code::kNetwork, HostPort(url) + ": connection closed early")};
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return Broken(text, url);
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return Lost(url, "connection lost: " + Printable(text));
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (Contains(text, "HTTP/0.9")) return Refused(url, "the answer is not HTTP");
      return Refused(url, "refusing to speak " + Quote(url.scheme));
    default: return Refused(url, Printable(text));
  }
}

}  // namespace ctool::http
