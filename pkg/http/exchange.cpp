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
  x.window_bytes += static_cast<int64_t>(line.size());
  if (x.header_bytes > kMaxHeaderBytes)
    return x.Fail(Failure::kRefused,
                  Error(Code::kCorrupt, "the answer's headers are larger than 256 KiB"));
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
                  Error(Code::kCorrupt,
                        "the answer is larger than " + std::to_string(limit) + " bytes"));
  body.append(chunk.substr(0, limit - body.size()));
  x.enough = true;
  return 0;
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  Exchange& x = *static_cast<Exchange*>(user);
  const std::string_view chunk(data, size * count);
  x.window_bytes += static_cast<int64_t>(chunk.size());
  x.in_body = true;
  const int status = x.out.response.status;
  if (!x.sink || status < 200 || status >= 300) return Collect(x, chunk);
  Status taken = x.sink(x.out.response, chunk);
  if (!taken.ok()) return x.Fail(Failure::kSink, std::move(taken).error());
  return chunk.size();
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

curl_socket_t OpenCheckedSocket(void*, curlsocktype, curl_sockaddr* address) {
  if (IsLinkLocalOrNowhere(*address)) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

}  // namespace

size_t Exchange::Fail(Failure failure, Error error) {
  out.failure = failure;
  out.error = std::move(error);
  return 0;
}

void AttachExchange(CURL* easy, Exchange& exchange) {
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
}

void RefuseLinkLocal(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenCheckedSocket);
}

CURLcode Drive(CURLM* multi, Exchange& exchange, const Options& options) {
  int64_t waited = 0;  // for the network only: a slow sink or a stopped process is not a stall
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
    waited += std::min(MonotonicNanos() - begin, 2 * kPollMs * kMilli);
    if (exchange.window_bytes >= kMinBytesPerSecond * options.stall_timeout_s) {
      exchange.window_bytes = 0;
      waited = 0;
    } else if (waited >= options.stall_timeout_s * kSecond) {
      const std::string seconds = std::to_string(options.stall_timeout_s) + " s";
      exchange.Fail(Failure::kStalled,
                    Error(Code::kNetwork, exchange.window_bytes == 0
                                              ? "no data for " + seconds
                                              : "less than 1 KiB/s for " + seconds));
      return CURLE_OPERATION_TIMEDOUT;
    }
  }
  int left = 0;
  const CURLMsg* message = curl_multi_info_read(multi, &left);
  return message != nullptr ? message->data.result : CURLE_OUT_OF_MEMORY;
}

}  // namespace ctool::http
