// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace ctool {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t Nanos(clockid_t id) {
  timespec t{};
  ::clock_gettime(id, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

std::string Format(int64_t nanos, const tm& t, const std::string& zone) {
  int64_t fraction = nanos % kSecond;
  if (fraction < 0) fraction += kSecond;
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%09lld", t.tm_year + 1900,
                t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
                static_cast<long long>(fraction));
  return text.data() + zone;
}

time_t FloorSeconds(int64_t nanos) {
  return nanos >= 0 ? nanos / kSecond : -((-nanos + kSecond - 1) / kSecond);
}

std::optional<int> Digits(std::string_view text, size_t at, size_t n) {
  if (at + n > text.size()) return std::nullopt;
  int value = 0;
  for (size_t i = at; i < at + n; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

int64_t WallNanos() { return Nanos(CLOCK_REALTIME); }
int64_t MonotonicNanos() { return Nanos(CLOCK_MONOTONIC); }

std::string Rfc3339Utc(int64_t nanos) {
  const time_t seconds = FloorSeconds(nanos);
  tm t{};
  ::gmtime_r(&seconds, &t);
  return Format(nanos, t, "Z");
}

std::string Rfc3339Local(int64_t nanos) {
  const time_t seconds = FloorSeconds(nanos);
  tm t{};
  ::localtime_r(&seconds, &t);
  std::array<char, 48> zone{};
  const long minutes = t.tm_gmtoff / 60;
  const long size = minutes < 0 ? -minutes : minutes;
  std::snprintf(zone.data(), zone.size(), "%c%02ld:%02ld", minutes < 0 ? '-' : '+', size / 60,
                size % 60);
  return Format(nanos, t, zone.data());
}

std::optional<int64_t> ParseRfc3339(std::string_view s) {
  const auto year = Digits(s, 0, 4), month = Digits(s, 5, 2), day = Digits(s, 8, 2);
  const auto hour = Digits(s, 11, 2), minute = Digits(s, 14, 2), second = Digits(s, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't' && s[10] != ' ') ||
      s[13] != ':' || s[16] != ':')
    return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31 || *hour > 23 || *minute > 59 ||
      *second > 60)
    return std::nullopt;
  size_t i = 19;
  int64_t fraction = 0;
  if (i < s.size() && s[i] == '.') {
    int64_t unit = kSecond / 10;
    size_t digits = 0;
    for (++i; i < s.size() && s[i] >= '0' && s[i] <= '9'; ++i, ++digits, unit /= 10)
      fraction += unit * (s[i] - '0');
    if (digits == 0) return std::nullopt;
  }
  int64_t offset = 0;
  if (i == s.size()) return std::nullopt;
  if (s[i] == 'Z' || s[i] == 'z') {
    ++i;
  } else if (s[i] == '+' || s[i] == '-') {
    const auto h = Digits(s, i + 1, 2), m = Digits(s, i + 4, 2);
    if (!h || !m || s[i + 3] != ':') return std::nullopt;
    offset = (*h * 60 + *m) * 60 * (s[i] == '-' ? -1 : 1);
    i += 6;
  }
  if (i != s.size()) return std::nullopt;
  tm t{};
  t.tm_year = *year - 1900;
  t.tm_mon = *month - 1;
  t.tm_mday = *day;
  t.tm_hour = *hour;
  t.tm_min = *minute;
  t.tm_sec = *second;
  const int64_t seconds = ::timegm(&t) - offset;
  if (seconds > INT64_MAX / kSecond - 1 || seconds < INT64_MIN / kSecond + 1) return std::nullopt;
  return seconds * kSecond + fraction;
}

std::string HumanDuration(int64_t nanos) {
  const int64_t seconds = nanos / kSecond;
  const int64_t minutes = seconds / 60;
  const int64_t hours = (minutes + (seconds % 60 >= 30 ? 1 : 0)) / 60;  // rounded, as go-units does
  const auto count = [](int64_t n, const char* unit) { return std::to_string(n) + " " + unit; };
  if (seconds < 1) return "Less than a second";
  if (seconds == 1) return "1 second";
  if (seconds < 60) return count(seconds, "seconds");
  if (minutes == 1) return "About a minute";
  if (minutes < 60) return count(minutes, "minutes");
  if (hours <= 1) return "About an hour";
  if (hours < 48) return count(hours, "hours");
  if (hours < 24 * 7 * 2) return count(hours / 24, "days");
  if (hours < 24 * 30 * 2) return count(hours / 24 / 7, "weeks");
  if (hours < 24 * 365 * 2) return count(hours / 24 / 30, "months");
  return count(hours / 24 / 365, "years");
}

std::optional<int64_t> ParseGoDuration(std::string_view s) {
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  if (s == "0") return 0;
  if (s.empty()) return std::nullopt;
  double total = 0;
  while (!s.empty()) {
    double number = 0;
    const auto [at, err] = std::from_chars(s.data(), s.data() + s.size(), number,
                                           std::chars_format::fixed);
    if (err != std::errc() || number < 0) return std::nullopt;
    s.remove_prefix(static_cast<size_t>(at - s.data()));
    struct Unit {
      std::string_view name;
      double nanos;
    };
    static constexpr Unit kUnits[] = {{"ns", 1},    {"us", 1e3}, {"\u00b5s", 1e3}, {"ms", 1e6},
                                      {"s", 1e9},   {"m", 6e10}, {"h", 3.6e12}};
    const Unit* found = nullptr;
    for (const Unit& u : kUnits)
      if (s.substr(0, u.name.size()) == u.name && (!found || u.name.size() > found->name.size()))
        found = &u;
    if (found == nullptr) return std::nullopt;
    total += number * found->nanos;
    s.remove_prefix(found->name.size());
  }
  if (total > 9.2e18) return std::nullopt;
  return static_cast<int64_t>(negative ? -total : total);
}

}  // namespace ctool
