// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ctime>

#include "base/text.hpp"
#include "cli/value.hpp"

namespace ctool::cli {
namespace {

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",
                                        "May",     "June",     "July",      "August",
                                        "September", "October", "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

// The moment's clock and calendar in its own zone.
tm Broken(const Value::Moment& m) {
  const time_t seconds = m.seconds + m.offset;
  tm t{};
  ::gmtime_r(&seconds, &t);
  return t;
}

std::string Offset(const Value::Moment& m, std::string_view colon) {
  const int minutes = (m.offset < 0 ? -m.offset : m.offset) / 60;
  return fmt::format("{}{:02}{}{:02}", m.offset < 0 ? '-' : '+', minutes / 60, colon, minutes % 60);
}

std::string OffsetOrZ(const Value::Moment& m, std::string_view colon) {
  return m.offset == 0 ? "Z" : Offset(m, colon);
}

// ".123": `digits` places; Go's 9s drop the zeros at the end, and the point with the last of them.
std::string Fraction(const Value::Moment& m, size_t digits, char point, bool trim) {
  std::string text = fmt::format("{:09}", m.nanos).substr(0, digits);
  if (trim) text.erase(text.find_last_not_of('0') + 1);
  return text.empty() ? "" : point + text;
}

int Hour12(const tm& t) { return t.tm_hour % 12 == 0 ? 12 : t.tm_hour % 12; }

// The elements of the reference time Mon Jan 2 15:04:05 MST 2006; a longer one stands before its
// own beginning.
struct Element {
  std::string_view layout;
  std::string (*text)(const tm& t, const Value::Moment& m);
};
using M = const Value::Moment&;
using T = const tm&;
constexpr Element kElements[] = {
    {"January", [](T t, M) { return std::string(kMonths[t.tm_mon]); }},
    {"Jan", [](T t, M) { return std::string(kMonths[t.tm_mon].substr(0, 3)); }},
    {"Monday", [](T t, M) { return std::string(kDays[t.tm_wday]); }},
    {"Mon", [](T t, M) { return std::string(kDays[t.tm_wday].substr(0, 3)); }},
    {"MST", [](T, M m) { return m.zone; }},
    {"002", [](T t, M) { return fmt::format("{:03}", t.tm_yday + 1); }},
    {"01", [](T t, M) { return fmt::format("{:02}", t.tm_mon + 1); }},
    {"02", [](T t, M) { return fmt::format("{:02}", t.tm_mday); }},
    {"03", [](T t, M) { return fmt::format("{:02}", Hour12(t)); }},
    {"04", [](T t, M) { return fmt::format("{:02}", t.tm_min); }},
    {"05", [](T t, M) { return fmt::format("{:02}", t.tm_sec); }},
    {"06", [](T t, M) { return fmt::format("{:02}", (t.tm_year + 1900) % 100); }},
    {"15", [](T t, M) { return fmt::format("{:02}", t.tm_hour); }},
    {"1", [](T t, M) { return fmt::format("{}", t.tm_mon + 1); }},
    {"2006", [](T t, M) { return fmt::format("{:04}", t.tm_year + 1900); }},
    {"_2006", [](T t, M) { return fmt::format("_{:04}", t.tm_year + 1900); }},
    {"_2", [](T t, M) { return fmt::format("{:2}", t.tm_mday); }},
    {"2", [](T t, M) { return fmt::format("{}", t.tm_mday); }},
    {"3", [](T t, M) { return fmt::format("{}", Hour12(t)); }},
    {"4", [](T t, M) { return fmt::format("{}", t.tm_min); }},
    {"5", [](T t, M) { return fmt::format("{}", t.tm_sec); }},
    {"PM", [](T t, M) { return std::string(t.tm_hour >= 12 ? "PM" : "AM"); }},
    {"pm", [](T t, M) { return std::string(t.tm_hour >= 12 ? "pm" : "am"); }},
    {"-07:00", [](T, M m) { return Offset(m, ":"); }},
    {"-0700", [](T, M m) { return Offset(m, ""); }},
    {"-07", [](T, M m) { return Offset(m, "").substr(0, 3); }},
    {"Z07:00", [](T, M m) { return OffsetOrZ(m, ":"); }},
    {"Z0700", [](T, M m) { return OffsetOrZ(m, ""); }},
};

}  // namespace

std::string TimeFormat(const Value::Moment& moment, std::string_view layout) {
  const tm t = Broken(moment);
  std::string out;
  while (!layout.empty()) {
    // ".000" and ".999" (or with a comma) are fractions of the second where no digit follows.
    const bool point = layout[0] == '.' || layout[0] == ',';
    if (point && layout.size() > 1 && (layout[1] == '0' || layout[1] == '9')) {
      const size_t end = std::min(layout.find_first_not_of(layout[1], 1), layout.size());
      const bool digit = end < layout.size() && layout[end] >= '0' && layout[end] <= '9';
      if (!digit && end <= 10) {
        out += Fraction(moment, end - 1, layout[0], layout[1] == '9');
        layout.remove_prefix(end);
        continue;
      }
    }
    const Element* found = nullptr;
    for (const Element& e : kElements)
      if (StartsWith(layout, e.layout) &&
          (found == nullptr || e.layout.size() > found->layout.size()))
        found = &e;
    out += found != nullptr ? found->text(t, moment) : std::string(layout.substr(0, 1));
    layout.remove_prefix(found != nullptr ? found->layout.size() : 1);
  }
  return out;
}

std::string TimeText(const Value::Moment& moment) {
  return TimeFormat(moment, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string TimeRfc3339(const Value::Moment& moment) {
  return TimeFormat(moment, "2006-01-02T15:04:05.999999999Z07:00");
}

}  // namespace ctool::cli
