// SPDX-License-Identifier: Apache-2.0
#include "cli/sink.hpp"

#include <fmt/format.h>

#include <type_traits>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/gotext.hpp"

namespace ctool::cli {
namespace {

using std::chrono::nanoseconds;

// The value type of a sink: bool for bool* and std::optional<bool>*.
template <class T>
struct Target {
  using Type = T;
};
template <class T>
struct Target<std::optional<T>> {
  using Type = T;
};
template <class Pointer>
using TargetOf = typename Target<std::remove_pointer_t<Pointer>>::Type;

template <class T>
Result<T> ParseAs(std::string_view text);
template <>
Result<bool> ParseAs(std::string_view text) {
  return ParseGoBool(text);
}
template <>
Result<std::string> ParseAs(std::string_view text) {
  return std::string(text);
}
template <>
Result<int64_t> ParseAs(std::string_view text) {
  return ParseGoInt(text);
}
template <>
Result<uint64_t> ParseAs(std::string_view text) {
  return ParseGoUint(text);
}
template <>
Result<double> ParseAs(std::string_view text) {
  return ParseGoFloat(text);
}
template <>
Result<nanoseconds> ParseAs(std::string_view text) {
  if (const auto nanos = ParseGoDuration(text)) return nanoseconds(*nanos);
  const bool number = !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
  return Error(Code::kInvalidArgument,
               fmt::format("time: {} duration {}", number ? "missing unit in" : "invalid",
                           GoQuote(text)));
}

Status StoreList(const Option& option, std::vector<std::string>& list, std::string_view text,
                 bool first) {
  std::vector<std::string> more;
  if (option.comma)
    more = TRY(SplitComma(text));
  else
    more.emplace_back(text);
  if (first) list.clear();
  for (std::string& item : more) list.push_back(std::move(item));
  return Ok();
}

Status CheckChoice(const Option& option, std::string_view text) {
  std::string choices;
  for (const std::string_view value : option.values) {
    if (value == text) return Ok();
    if (!choices.empty()) choices += ", ";
    choices += value;
  }
  return Error(Code::kInvalidArgument, fmt::format("{} is not a valid value.  Choose from: {}",
                                                   GoQuote(text), GoQuote(choices)));
}

std::string Show(bool v) { return v ? "true" : ""; }
std::string Show(const std::string& v) { return v.empty() ? "" : GoQuote(v); }
std::string Show(int64_t v) { return v == 0 ? "" : fmt::format("{}", v); }
std::string Show(uint64_t v) { return v == 0 ? "" : fmt::format("{}", v); }
std::string Show(double v) { return v == 0 ? "" : FormatGoFloat(v, 'g', -1); }
std::string Show(nanoseconds v) { return v.count() == 0 ? "" : DurationText(v.count()); }
std::string Show(const std::vector<std::string>& v) {
  return v.empty() ? "" : "[" + Join(v, ",") + "]";
}
template <class T>
std::string Show(const std::optional<T>& v) {
  return v ? Show(*v) : "";
}

template <class T>
constexpr std::string_view TypeName() {
  if constexpr (std::is_same_v<T, bool>) return "";
  if constexpr (std::is_same_v<T, int64_t>) return "int";
  if constexpr (std::is_same_v<T, uint64_t>) return "uint";
  if constexpr (std::is_same_v<T, double>) return "float";
  if constexpr (std::is_same_v<T, nanoseconds>) return "duration";
  if constexpr (std::is_same_v<T, std::vector<std::string>>) return "strings";
  return "string";
}

}  // namespace

bool IsFlag(const Option& option) {
  return std::holds_alternative<bool*>(option.sink) ||
         std::holds_alternative<std::optional<bool>*>(option.sink);
}

bool StandsAlone(const Option& option) { return IsFlag(option) || !option.implied.empty(); }

bool IsRepeatable(const Option& option) {
  return std::holds_alternative<std::vector<std::string>*>(option.sink) ||
         std::holds_alternative<Setter>(option.sink);
}

Status Store(const Option& option, std::string_view text, bool first) {
  if (option.only_values) TRY(CheckChoice(option, text));
  return std::visit(
      [&](const auto& sink) -> Status {
        using S = std::decay_t<decltype(sink)>;
        if constexpr (std::is_same_v<S, std::monostate>) {
          return Ok();
        } else if constexpr (std::is_same_v<S, Setter>) {
          return sink(text);
        } else if constexpr (std::is_same_v<S, std::vector<std::string>*>) {
          return StoreList(option, *sink, text, first);
        } else {
          *sink = TRY(ParseAs<TargetOf<S>>(text));
          return Ok();
        }
      },
      option.sink);
}

std::string_view ValueName(const Option& option) {
  if (!option.value.empty()) return option.value;
  if (option.implied == "true") return {};  // a flag, whatever keeps it
  return std::visit(
      [](const auto& sink) { return TypeName<TargetOf<std::decay_t<decltype(sink)>>>(); },
      option.sink);
}

std::string DefaultText(const Option& option) {
  if (!option.def.empty()) return std::string(option.def);
  return std::visit(
      [](const auto& sink) -> std::string {
        if constexpr (std::is_pointer_v<std::decay_t<decltype(sink)>>) return Show(*sink);
        return {};
      },
      option.sink);
}

Result<std::vector<std::string>> SplitComma(std::string_view text) {
  std::vector<std::string> fields;
  if (text.empty()) return fields;
  const auto bad = [](size_t column, std::string_view why) {
    return Error(Code::kInvalidArgument,
                 fmt::format("parse error on line 1, column {}: {}", column, why));
  };
  for (size_t i = 0;;) {
    std::string field;
    if (i < text.size() && text[i] == '"') {
      for (++i;; ++i) {
        if (i == text.size()) return bad(i + 1, "extraneous or missing \" in quoted-field");
        if (text[i] != '"') {
          field += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          field += text[i++];
        } else {
          break;
        }
      }
      if (++i < text.size() && text[i] != ',')
        return bad(i, "extraneous or missing \" in quoted-field");
    } else {
      const size_t end = std::min(text.find(',', i), text.size());
      field = text.substr(i, end - i);
      if (const size_t quote = field.find('"'); quote != std::string::npos)
        return bad(i + quote + 1, "bare \" in non-quoted-field");
      i = end;
    }
    fields.push_back(std::move(field));
    if (i >= text.size()) return fields;
    ++i;  // the comma
  }
}

std::string DurationText(int64_t nanos) {
  if (nanos == 0) return "0s";
  const std::string sign = nanos < 0 ? "-" : "";
  const uint64_t size = nanos < 0 ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
  const auto decimal = [](uint64_t whole, uint64_t unit) {
    std::string text = fmt::format("{}", whole / unit);
    if (whole % unit == 0) return text;
    text += fmt::format(".{:0{}}", whole % unit, fmt::formatted_size("{}", unit) - 1);
    return text.substr(0, text.find_last_not_of('0') + 1);
  };
  if (size < 1'000) return sign + fmt::format("{}ns", size);
  if (size < 1'000'000) return sign + decimal(size, 1'000) + "µs";
  if (size < 1'000'000'000) return sign + decimal(size, 1'000'000) + "ms";
  const uint64_t minutes = size / 60'000'000'000;
  std::string text = sign;
  if (minutes >= 60) text += fmt::format("{}h", minutes / 60);
  if (minutes > 0) text += fmt::format("{}m", minutes % 60);
  return text + decimal(size % 60'000'000'000, 1'000'000'000) + "s";
}

}  // namespace ctool::cli
