// SPDX-License-Identifier: Apache-2.0
#include "registry/backoff_internal.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace ctool::registry {
namespace {

constexpr int64_t kMaxRetryAfterMs = 60'000, kMaxDelayMs = 30'000, kFirstDelayMs = 1000;
constexpr int64_t kMilli = 1'000'000, kSecond = 1'000'000'000;

// 80 to 120 %: several clients that failed together should not come back together.
int64_t WithJitter(int64_t ms) {
  const int64_t thousandth = MonotonicNanos() / 1000 % 401;
  return ms * (800 + thousandth) / 1000;
}

// False when it was cut short.
bool Sleep(int64_t ms, const std::atomic<bool>* cancel) {
  const int64_t end = MonotonicNanos() + ms * kMilli;
  for (;;) {
    if (cancel != nullptr && *cancel) return false;
    const int64_t left = end - MonotonicNanos();
    if (left <= 0) return true;
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(left, 100 * kMilli)));
  }
}

std::string Reason(const std::string& host, const http::Transfer& failed) {
  if (!failed.ok()) return failed.error->Message();  // names the host
  return host + ": HTTP status " + std::to_string(failed.response.status);
}

}  // namespace

int64_t RetryAfterSeconds(const http::Response& response) {
  const std::string value(response.Header("retry-after"));
  if (const auto seconds = ParseUint(value))
    return static_cast<int64_t>(std::min<uint64_t>(*seconds, 1 << 30));
  tm date{};
  if (value.empty() || ::strptime(value.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr)
    return 0;
  return std::max<int64_t>(0, ::timegm(&date) - WallNanos() / kSecond);
}

bool MayHelp(const http::Transfer& failed, bool contacted) {
  switch (failed.failure) {
    case http::Failure::kLost:
    case http::Failure::kTruncated:
    case http::Failure::kStalled: return true;
    case http::Failure::kUnreachable:
    case http::Failure::kTls: return contacted;
    case http::Failure::kNone: {
      const int status = failed.response.status;
      return status == 429 || status == 500 || (status >= 502 && status <= 504);
    }
    default: return false;
  }
}

bool Backoff::Wait(const http::Transfer& failed) {
  if (failures_ >= options_.retries) return false;
  int64_t delay = options_.retry_delay_ms > 0
                      ? options_.retry_delay_ms
                      : std::min(kFirstDelayMs << std::min(failures_, 10), kMaxDelayMs);
  delay = WithJitter(delay);
  if (failed.ok())
    delay = std::max(delay, std::min(RetryAfterSeconds(failed.response) * 1000, kMaxRetryAfterMs));
  ++failures_;
  Log(delay >= 1000 ? LogLevel::kWarn : LogLevel::kDebug,
      Reason(host_, failed) + "; trying again in " + std::to_string((delay + 500) / 1000) +
          " s (" + std::to_string(failures_) + " of " + std::to_string(options_.retries) + ")");
  return Sleep(delay, options_.cancel);
}

}  // namespace ctool::registry
