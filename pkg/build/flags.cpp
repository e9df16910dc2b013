// SPDX-License-Identifier: Apache-2.0
#include "build/flags_internal.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ctool::build {
namespace {

std::string KnownFlags(const Request& request, const std::vector<FlagRule>& rules) {
  if (rules.empty()) return request.name + " takes no flags";
  std::string text = request.name + " takes";
  for (const FlagRule& rule : rules)
    text += (rule.name == rules.front().name ? " --" : ", --") + std::string(rule.name);
  return text;
}

Error Unknown(const Request& request, const Flag& flag, const std::vector<FlagRule>& rules) {
  std::vector<std::string_view> names;
  for (const FlagRule& rule : rules) names.push_back(rule.name);
  const std::string_view near = Nearest(flag.name, names);
  std::string message = "unknown flag: --" + Printable(flag.name);
  if (!near.empty()) message += " (did you mean --" + std::string(near) + "?)";
  return request.FailAt(flag.offset, message, KnownFlags(request, rules));
}

Status CheckOne(const Request& request, const Flag& flag, const FlagRule& rule) {
  const std::string shown = "--" + flag.name;
  if (rule.kind != FlagKind::kBool) {
    if (flag.value) return Ok();
    return request.FailAt(flag.offset, "missing a value on flag: " + flag.name, "write " + shown + "=VALUE");
  }
  const std::string value = ToLower(flag.value.value_or("true"));
  if (value == "true" || value == "false") return Ok();
  return request.FailAt(flag.offset,
                        "expecting boolean value for flag " + flag.name + ", not: " + Printable(*flag.value),
                        "write " + shown + ", " + shown + "=true or " + shown + "=false");
}

}  // namespace

Result<Flags> Flags::Check(const Request& request, const std::vector<FlagRule>& rules) {
  Flags flags;
  for (const Flag& flag : request.flags) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const FlagRule& known) { return known.name == flag.name; });
    if (rule == rules.end()) return Unknown(request, flag, rules);
    if (rule->kind != FlagKind::kList && flags.Get(flag.name) != nullptr)
      return request.FailAt(flag.offset, "duplicate flag specified: " + flag.name);
    TRY(CheckOne(request, flag, *rule));
    flags.flags_.push_back(flag);
  }
  return flags;
}

const Flag* Flags::Get(std::string_view name) const {
  const auto found =
      std::find_if(flags_.begin(), flags_.end(), [&](const Flag& flag) { return flag.name == name; });
  return found == flags_.end() ? nullptr : &*found;
}

std::optional<std::string> Flags::Find(std::string_view name) const {
  const Flag* flag = Get(name);
  return flag == nullptr ? std::nullopt : flag->value;
}

std::string Flags::Text(std::string_view name) const { return Find(name).value_or(""); }

std::optional<bool> Flags::Switch(std::string_view name) const {
  const Flag* flag = Get(name);
  if (flag == nullptr) return std::nullopt;
  return ToLower(flag->value.value_or("true")) == "true";
}

std::vector<std::string> Flags::All(std::string_view name) const {
  std::vector<std::string> values;
  for (const Flag& flag : flags_)
    if (flag.name == name) values.push_back(flag.value.value_or(""));
  return values;
}

}  // namespace ctool::build
