// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDefaultInterval = 30 * kSecond, kDefaultTimeout = 30 * kSecond, kDefaultRetries = 3;

// `["a", "b"]` is a command, anything else a line for the container's shell; "none" switches the check off. The words
// CMD, CMD-SHELL and NONE in front are docker's.
Result<std::vector<std::string>> ParseTest(const std::string& text) {
  std::vector<std::string> words;
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  if (list.is_array()) {
    for (const nlohmann::json& item : list) {
      if (!item.is_string()) return Error(Code::kInvalidArgument, "invalid --health-cmd " + Quote(text) + ": wanted a list of strings");
      words.push_back(item.get<std::string>());
    }
    if (words.empty()) return Error(Code::kInvalidArgument, "must define a healthcheck command for all healthchecks");
  } else {
    const size_t blank = text.find(' ');
    words.push_back(text.substr(0, blank));
    if (blank != std::string::npos) words.push_back(text.substr(blank + 1));
  }
  const std::string first = ToLower(words[0]);
  if (first == "none") return std::vector<std::string>{"NONE"};
  if (first == "cmd-shell") {
    // One line for the shell, as docker has it.
    words[0] = "CMD-SHELL";
    return words.size() < 3 ? words : std::vector<std::string>{words[0], Join({words.begin() + 1, words.end()}, " ")};
  }
  if (first == "cmd" && list.is_array()) {
    words[0] = "CMD";
    return words;
  }
  if (first == "cmd") {
    std::vector<std::string> out = Split(text, ' ');
    out.erase(std::remove(out.begin(), out.end(), ""), out.end());
    out[0] = "CMD";
    return out;
  }
  if (!list.is_array()) return std::vector<std::string>{"CMD-SHELL", text};
  if (words.size() == 1) return std::vector<std::string>{"CMD-SHELL", words[0]};
  words.insert(words.begin(), "CMD");
  return words;
}

Status SetDuration(const std::string& text, const char* name, int64_t least, const char* refusal, int64_t& into) {
  if (text.empty()) return Ok();
  const std::optional<int64_t> nanos = ParseGoDuration(text);
  if (!nanos) return Error(Code::kInvalidArgument, std::string("invalid healthcheck-") + name + ": time: invalid duration " + Quote(text));
  if (*nanos < least) return Error(Code::kInvalidArgument, std::string("healthcheck-") + name + " " + refusal);
  into = *nanos;
  return Ok();
}

bool IsTuned(const CreateOptions& o) {
  return !o.health_interval.empty() || !o.health_timeout.empty() || !o.health_start_period.empty() || o.health_retries;
}

Status Tune(const CreateOptions& o, spec::HealthCheck& check) {
  if (check.timeout == 0) check.timeout = kDefaultTimeout;
  if (check.retries == 0) check.retries = kDefaultRetries;
  if (o.health_interval == "disable") check.interval = 0;
  else TRY(SetDuration(o.health_interval, "interval", 0, "must be 0 seconds or greater", check.interval));
  TRY(SetDuration(o.health_timeout, "timeout", kSecond, "must be at least 1 second", check.timeout));
  TRY(SetDuration(o.health_start_period, "start-period", 0, "must be 0 seconds or greater", check.start_period));
  if (o.health_retries && *o.health_retries < 1)
    return Error(Code::kInvalidArgument, "healthcheck-retries must be greater than 0");
  if (o.health_retries) check.retries = *o.health_retries;
  return Ok();
}

}  // namespace

bool HasHealthCheck(const ContainerSpec& spec) {
  return spec.healthcheck && spec.healthcheck->test.size() > 1 && spec.healthcheck->test[0] != "NONE";
}

bool ChangesHealth(const CreateOptions& o) {
  return IsTuned(o) || o.no_healthcheck || !o.health_cmd.empty() || !o.health_on_failure.empty() || o.health_max_log_count || o.health_max_log_size;
}

Status ChangeHealth(const CreateOptions& o, ContainerSpec& spec) {
  if (o.no_healthcheck && (!o.health_cmd.empty() || IsTuned(o)))
    return Error(Code::kInvalidArgument, "cannot specify both --no-healthcheck and --health-cmd");
  const std::string& action = o.health_on_failure;
  const bool known = action.empty() || action == "none" || action == "kill" || action == "restart" || action == "stop";
  if (!known)
    return Error(Code::kInvalidArgument, "invalid on-failure action " + Quote(action) + " for health check: supported actions are none,kill,restart,stop");
  if (!action.empty()) spec.health_on_failure = action;
  if (o.health_max_log_count) spec.health_max_log_count = *o.health_max_log_count;
  if (o.health_max_log_size) spec.health_max_log_size = *o.health_max_log_size;
  if (o.no_healthcheck) {
    spec.healthcheck = spec::HealthCheck{{"NONE"}};
    return Ok();
  }
  if (!o.health_cmd.empty()) {
    spec::HealthCheck check = HasHealthCheck(spec) ? *spec.healthcheck : spec::HealthCheck{{}, kDefaultInterval};
    check.test = TRY(ParseTest(o.health_cmd));
    spec.healthcheck = std::move(check);
  }
  if (HasHealthCheck(spec)) return Tune(o, *spec.healthcheck);
  if (IsTuned(o) && o.health_cmd.empty())
    return Error(Code::kInvalidArgument, "a healthcheck command is needed for the other --health options").Hint("add --health-cmd");
  if (!action.empty() && action != "none")
    return Error(Code::kInvalidArgument, "cannot set on-failure action to " + action + " without a health check");
  return Ok();
}

Status FoldHealth(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  spec.health_on_failure = "none";
  if (o.no_healthcheck && !o.health_cmd.empty())
    return Error(Code::kInvalidArgument, "cannot specify both --no-healthcheck and --health-cmd");
  // A command of the user's own has nothing of the image's.
  if (o.health_cmd.empty()) spec.healthcheck = in.image.healthcheck;
  if (spec.healthcheck && spec.healthcheck->interval == 0) spec.healthcheck->interval = kDefaultInterval;
  return ChangeHealth(o, spec);
}

}  // namespace ctool::engine
