// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"
#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"

namespace ctool::build {
namespace {

constexpr int64_t kShortest = 1'000'000;  // 1 ms, Docker's
constexpr int64_t kMostRetries = 1'000'000;  // far beyond use; fits every reader's int

Status ReadDuration(const Request& request, const Flags& flags, std::string_view name, int64_t& out) {
  const Flag* flag = flags.Get(name);
  if (flag == nullptr || flag->value->empty()) return Ok();
  const std::optional<int64_t> duration = ParseGoDuration(*flag->value);
  if (!duration)
    return request.FailAt(flag->offset, "invalid duration " + Quote(*flag->value) + " for --" + std::string(name),
                          "write a number with a unit, like 30s, 5m or 1m30s");
  if (*duration != 0 && *duration < kShortest)
    return request.FailAt(flag->offset,
                          "--" + std::string(name) + " " + Quote(*flag->value) + " cannot be less than 1ms");
  out = *duration;
  return Ok();
}

Status ReadRetries(const Request& request, const Flags& flags, int64_t& out) {
  const Flag* flag = flags.Get("retries");
  if (flag == nullptr || flag->value->empty()) return Ok();
  const std::optional<int64_t> retries = ParseInt(*flag->value);
  if (!retries || *retries > kMostRetries)
    return request.FailAt(flag->offset, "invalid number " + Quote(*flag->value) + " for --retries");
  if (*retries < 0)
    return request.FailAt(flag->offset, "--retries cannot be negative (" + std::to_string(*retries) + ")");
  out = *retries;
  return Ok();
}

}  // namespace

Result<Body> ReadHealthcheck(Request& request) {
  const Flags flags = TRY(
      Flags::Check(request, {{"interval"}, {"timeout"}, {"start-period"}, {"start-interval"}, {"retries"}}));
  const std::string_view text = request.arguments;
  size_t end = 0;
  while (end < text.size() && !Blank(text[end])) ++end;
  const std::string kind = ToLower(text.substr(0, end));
  const std::string_view rest = Trim(text.substr(end));
  if (kind.empty()) return NeedsOne(request);
  HealthcheckInstruction check;
  if (kind == "none") {
    if (!rest.empty()) return request.Fail(rest, "HEALTHCHECK NONE takes no arguments");
    if (!request.flags.empty())
      return request.FailAt(request.flags.front().offset, "HEALTHCHECK NONE takes no flags");
    check.none = true;
    return Body(std::move(check));
  }
  if (kind != "cmd")
    return request.Fail(text, "Unknown type " + Quote(text.substr(0, end)) + " in HEALTHCHECK (try CMD)",
                        "write HEALTHCHECK [FLAGS] CMD COMMAND, or HEALTHCHECK NONE");
  if (rest.empty()) return request.Fail(text, "Missing command after HEALTHCHECK CMD");
  check.command = TRY(ReadCommand(request, rest));
  if (check.command.words.empty()) return request.Fail(text, "Missing command after HEALTHCHECK CMD");
  TRY(ReadDuration(request, flags, "interval", check.interval));
  TRY(ReadDuration(request, flags, "timeout", check.timeout));
  TRY(ReadDuration(request, flags, "start-period", check.start_period));
  TRY(ReadDuration(request, flags, "start-interval", check.start_interval));
  TRY(ReadRetries(request, flags, check.retries));
  return Body(std::move(check));
}

}  // namespace ctool::build
