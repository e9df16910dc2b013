// SPDX-License-Identifier: Apache-2.0
#include "build/scope.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "build/expand.hpp"

namespace ctool::build {
namespace {

void SetPlatform(Variables& values, const std::string& prefix, const spec::Platform& platform) {
  values[prefix + "PLATFORM"] = platform.Print();
  values[prefix + "OS"] = platform.os;
  values[prefix + "ARCH"] = platform.architecture;
  values[prefix + "VARIANT"] = platform.variant;
}

Error NoName(std::string_view instruction, std::string_view written) {
  return Error(Code::kInvalidArgument,
               std::string(instruction) + " name " + Quote(written) + " is blank or has a = in it");
}

Result<std::string> ExpandName(std::string_view instruction, std::string_view written, const Lookup& lookup,
                               char escape) {
  const Expansion name = TRY(Expand(written, lookup, escape));
  if (name.text.empty() || name.text.find('=') != std::string::npos) return NoName(instruction, written);
  return name.text;
}

}  // namespace

const std::vector<std::string_view>& PlatformArguments() {
  static const std::vector<std::string_view> names = {
      "BUILDPLATFORM",  "BUILDOS",  "BUILDARCH",  "BUILDVARIANT",
      "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT"};
  return names;
}

bool IsProxyArgument(std::string_view name) {
  constexpr std::array<std::string_view, 10> kNames = {
      "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY",
      "ftp_proxy",  "NO_PROXY",   "no_proxy",    "ALL_PROXY",   "all_proxy"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

GlobalScope::GlobalScope(Variables given, const spec::Platform& build, const spec::Platform& target)
    : given_(std::move(given)) {
  SetPlatform(values_, "BUILD", build);
  SetPlatform(values_, "TARGET", target);
  for (const std::string_view name : PlatformArguments()) {
    const auto overridden = given_.find(name);
    if (overridden == given_.end()) continue;
    values_[std::string(name)] = overridden->second;
    MarkUsed(name);
  }
}

Status GlobalScope::Declare(const Arg& arg, char escape) {
  const Lookup lookup = [this](std::string_view name) { return Find(name); };
  for (const Argument& argument : arg.arguments) {
    const std::string name = TRY(ExpandName("ARG", argument.name, lookup, escape));
    const auto given = given_.find(name);
    if (given != given_.end()) {
      values_[name] = given->second;
      MarkUsed(name);
    } else if (argument.value) {
      values_[name] = TRY(Expand(*argument.value, lookup, escape)).text;
    }
  }
  return Ok();
}

std::optional<std::string> GlobalScope::Find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void GlobalScope::MarkUsed(std::string_view name) {
  const std::lock_guard lock(used_->mutex);
  used_->names.emplace(name);
}

std::vector<std::string> GlobalScope::Unused() const {
  std::vector<std::string> names;
  const std::lock_guard lock(used_->mutex);
  for (const auto& [name, value] : given_)
    if (used_->names.count(name) == 0 && !IsProxyArgument(name)) names.push_back(name);
  return names;
}

StageScope::StageScope(GlobalScope& global, const std::vector<std::string>& environment) : global_(&global) {
  for (const std::string& variable : environment) {
    const size_t equals = variable.find('=');
    if (equals != std::string::npos) SetOne(variable.substr(0, equals), variable.substr(equals + 1));
  }
}

Status StageScope::Declare(const Arg& arg, char escape) {
  const Lookup lookup = [this](std::string_view name) { return Find(name); };
  Variables declared;
  for (const Argument& argument : arg.arguments) {
    const std::string name = TRY(ExpandName("ARG", argument.name, lookup, escape));
    const auto given = global_->given().find(name);
    const std::optional<std::string> global = global_->Find(name);
    if (given != global_->given().end()) {
      declared[name] = given->second;
      global_->MarkUsed(name);
    } else if (argument.value) {
      declared[name] = TRY(Expand(*argument.value, lookup, escape)).text;
    } else if (global) {
      declared[name] = *global;
    }
  }
  for (auto& [name, value] : declared) arguments_[name] = std::move(value);
  return Ok();
}

Status StageScope::Set(const Env& env, char escape) {
  const Lookup lookup = [this](std::string_view name) { return Find(name); };
  std::vector<KeyValue> values;
  for (const KeyValue& pair : env.values) {
    // Not inside of {}: a return from there would leak the members that are made already.
    std::string name = TRY(ExpandName("ENV", pair.key, lookup, escape));
    std::string value = TRY(Expand(pair.value, lookup, escape)).text;
    values.push_back({std::move(name), std::move(value)});
  }
  for (KeyValue& pair : values) SetOne(std::move(pair.key), std::move(pair.value));
  return Ok();
}

void StageScope::SetOne(std::string key, std::string value) {
  for (KeyValue& pair : environment_) {
    if (pair.key != key) continue;
    pair.value = std::move(value);
    return;
  }
  environment_.push_back({std::move(key), std::move(value)});
}

std::optional<std::string> StageScope::Find(std::string_view name) const {
  for (const KeyValue& pair : environment_)
    if (pair.key == name) return pair.value;
  const auto found = arguments_.find(name);
  return found == arguments_.end() ? std::nullopt : std::optional(found->second);
}

Variables StageScope::RunEnvironment() const {
  Variables variables;
  for (const auto& [name, value] : global_->given())
    if (IsProxyArgument(name)) variables[name] = value;
  for (const auto& [name, value] : arguments_) variables[name] = value;
  for (const KeyValue& pair : environment_) variables[pair.key] = pair.value;
  return variables;
}

}  // namespace ctool::build
