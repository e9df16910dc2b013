// SPDX-License-Identifier: Apache-2.0
#include "http/exchange_internal.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace ctool::http {
namespace {

constexpr size_t kMaxHeaderBytes = 256 << 10;  // all header lines of one exchange
constexpr size_t kMaxErrorBody = 64 << 10;
constexpr int64_t kMinBytesPerSecond = 1024;
constexpr int kPollMs = 200;
constexpr int64_t kMaxRewind = 1 << 20;  // what fits into the buffers on the way
constexpr int64_t kAnswerFactor = 5;  // Options::stall_timeout_s
constexpr int64_t kMilli = 1'000'000, kSecond = 1'000'000'000;

// "HTTP/1.1 200 OK", "HTTP/2 200"
int StatusOf(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  return static_cast<int>(ParseUint(line.substr(space + 1, 3)).value_or(0));
}

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  Exchange& x = *static_cast<Exchange*>(user);
  const std::string_view line(data, size * count);
  x.header_bytes += line.size();
  x.received += static_cast<int64_t>(line.size());
  if (x.header_bytes > kMaxHeaderBytes)
    return x.Fail(Failure::kRefused,
                  Error(Code::kCorrupt, "the answer's headers are larger than 256 KiB"));
  curl_easy_setopt(x.easy, CURLOPT_VERBOSE, 0L);  // OnTrace has seen the handshake
  if (x.in_body) return line.size();  // trailers can't change what was already acted on
  if (StartsWith(line, "HTTP/")) {    // comes again after "100 Continue"
    x.out.response.headers.clear();
    x.out.response.status = StatusOf(line);
    return line.size();
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  x.out.response.headers.emplace_back(ToLower(Trim(line.substr(0, colon))),
                                      std::string(Trim(line.substr(colon + 1))));
  return line.size();
}

std::string Size(size_t bytes) {
  if (bytes % (1 << 20) == 0) return std::to_string(bytes >> 20) + " MiB";
  return std::to_string(bytes) + " bytes";
}

size_t Collect(Exchange& x, std::string_view chunk) {
  std::string& body = x.out.response.body;
  const bool success = x.out.response.status < 300;
  const size_t limit = success ? x.request.max_body : kMaxErrorBody;
  if (body.size() + chunk.size() <= limit) {
    body.append(chunk);
    return chunk.size();
  }
  if (success)
    return x.Fail(Failure::kRefused,
                  Error(Code::kCorrupt, "the answer is larger than " + Size(limit)));
  body.append(chunk.substr(0, limit - body.size()));
  x.enough = true;
  return 0;
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  Exchange& x = *static_cast<Exchange*>(user);
  const std::string_view chunk(data, size * count);
  x.received += static_cast<int64_t>(chunk.size());
  x.in_body = true;
  const int status = x.out.response.status;
  if (!x.sink || status < 200 || status >= 300) return Collect(x, chunk);
  Status taken = x.sink(x.out.response, chunk);
  if (!taken.ok()) return x.Fail(Failure::kSink, std::move(taken).error());
  return chunk.size();
}

// Bytes of the request's body, from memory or from its reader.
Result<size_t> NextOfBody(Exchange& x, std::span<char> into) {
  if (x.request.upload != nullptr) return x.request.upload->read(x.upload_offset, into);
  const std::string_view body = x.request.body;
  return body.copy(into.data(), into.size(), std::min(static_cast<size_t>(x.upload_offset), body.size()));
}

size_t OnRead(char* into, size_t size, size_t count, void* user) {
  Exchange& x = *static_cast<Exchange*>(user);
  Result<size_t> n = NextOfBody(x, {into, size * count});
  if (!n.ok()) {
    x.Fail(Failure::kUpload, std::move(n).error());
    return CURL_READFUNC_ABORT;
  }
  x.upload_offset += static_cast<int64_t>(*n);
  x.sent += static_cast<int64_t>(*n);
  x.all_sent = *n == 0 || (x.request.upload != nullptr && x.upload_offset == x.request.upload->size);
  return *n;
}

// curl wants to send the body again, over a new connection, because the one that was kept open turns out to be closed. When
// much of it had gone out, it was not closed before: whoever sends knows better where to go on.
int OnSeek(void* user, curl_off_t offset, int origin) {
  Exchange& x = *static_cast<Exchange*>(user);
  if (origin != SEEK_SET || x.upload_offset > kMaxRewind) return CURL_SEEKFUNC_FAIL;
  x.upload_offset = offset;
  x.all_sent = false;
  return CURL_SEEKFUNC_OK;
}

// With TLS 1.3 a client learns only after the handshake that it should have had a certificate, and
// often only from a broken connection. That it was asked for one is in libcurl's trace.
int OnTrace(CURL*, curl_infotype type, char* data, size_t size, void* user) {
  if (type == CURLINFO_TEXT &&
      std::string_view(data, size).find("Request CERT") != std::string_view::npos)
    static_cast<Exchange*>(user)->certificate_wanted = true;
  return 0;
}

bool IsLinkLocalOrNowhere(const curl_sockaddr& address) {
  uint32_t ip = 0;
  if (address.family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &address.addr, std::min<size_t>(sizeof in6, address.addrlen));
    const in6_addr& a = in6.sin6_addr;
    if (!IN6_IS_ADDR_V4MAPPED(&a))
      return IN6_IS_ADDR_LINKLOCAL(&a) || IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_IS_ADDR_MULTICAST(&a);
    std::memcpy(&ip, &a.s6_addr[12], sizeof ip);
  } else if (address.family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.addr, std::min<size_t>(sizeof in, address.addrlen));
    ip = in.sin_addr.s_addr;
  } else {
    return true;
  }
  ip = ntohl(ip);
  return ip >> 16 == 0xa9fe || ip >> 24 == 0 || ip >> 28 >= 0xe;  // 169.254/16, 0/8, 224/3
}

curl_socket_t OpenCheckedSocket(void* user, curlsocktype, curl_sockaddr* address) {
  if (IsLinkLocalOrNowhere(*address)) {
    static_cast<Exchange*>(user)->refused_address = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

size_t Exchange::Fail(Failure failure, Error error) {
  out.failure = failure;
  out.error = std::move(error);
  return 0;
}

void AttachExchange(Exchange& exchange) {
  CURL* easy = exchange.easy;
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &OnRead);
  curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &OnSeek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &OnTrace);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}

void RefuseLinkLocal(Exchange& exchange) {
  curl_easy_setopt(exchange.easy, CURLOPT_OPENSOCKETFUNCTION, &OpenCheckedSocket);
  curl_easy_setopt(exchange.easy, CURLOPT_OPENSOCKETDATA, &exchange);
}

bool StallClock::TooSlow(int64_t waited, int64_t bytes, int64_t limit_s) {
  waited_ += waited;
  quiet_ = bytes == bytes_ ? quiet_ + waited : 0;
  bytes_ = bytes;
  if (bytes_ - mark_ >= kMinBytesPerSecond * limit_s) {
    mark_ = bytes_;
    waited_ = 0;
  }
  return waited_ >= limit_s * kSecond;
}

std::string StallClock::Describe(int64_t limit_s) const {
  const std::string seconds = " for " + std::to_string(limit_s) + " s";
  return (quiet_ > limit_s * kSecond / 4 * 3 ? "no data" : "less than 1 KiB/s") + seconds;
}

CURLcode Drive(CURLM* multi, Exchange& exchange, const Options& options) {
  StallClock clock;
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    if (running == 0) break;
    if (options.cancel != nullptr && *options.cancel) {
      exchange.Fail(Failure::kCancelled, Error(Code::kIo, "interrupted"));
      return CURLE_ABORTED_BY_CALLBACK;
    }
    const int64_t begin = MonotonicNanos();
    if (curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr) != CURLM_OK)
      return CURLE_OUT_OF_MEMORY;
    // At most two intervals, however long the process was stopped.
    const int64_t waited = std::min(MonotonicNanos() - begin, 2 * kPollMs * kMilli);
    const int64_t limit = options.stall_timeout_s * (exchange.all_sent ? kAnswerFactor : 1);
    if (clock.TooSlow(waited, exchange.received + exchange.sent, limit)) {
      exchange.Fail(Failure::kStalled, Error(Code::kNetwork, clock.Describe(limit)));
      return CURLE_OPERATION_TIMEDOUT;
    }
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi, &left);
  return message != nullptr ? message->data.result : CURLE_OUT_OF_MEMORY;
}

}  // namespace ctool::http
