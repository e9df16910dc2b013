// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "seccomp/seccomp_internal.hpp"
#include "sys/file.hpp"

namespace ctool::seccomp {
namespace {

using Json = nlohmann::json;
constexpr size_t kMaxBytes = 4 << 20;

Error Bad(const std::string& where, const std::string& problem) {
  return Error(Code::kInvalidArgument, "seccomp profile: " + where + " " + problem);
}

// nullptr when the member is missing or null.
const Json* Find(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

Result<std::string> String(const Json& object, const char* key, const std::string& where) {
  const Json* value = Find(object, key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return Bad(where + key, "must be a string");
  return value->get<std::string>();
}

Result<std::vector<std::string>> Strings(const Json& object, const char* key,
                                         const std::string& where) {
  std::vector<std::string> strings;
  const Json* value = Find(object, key);
  if (value == nullptr) return strings;
  if (!value->is_array()) return Bad(where + key, "must be a list");
  for (const Json& item : *value) {
    if (!item.is_string()) return Bad(where + key, "must be a list of strings");
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

// The number at `key`, at most `max`; nothing when it is missing.
Result<std::optional<uint64_t>> Number(const Json& object, const char* key, uint64_t max,
                                       const std::string& where) {
  const Json* value = Find(object, key);
  if (value == nullptr) return std::optional<uint64_t>();
  if (!value->is_number_unsigned()) return Bad(where + key, "must be an integer from 0 to 2^64-1");
  const auto number = value->get<uint64_t>();
  if (number > max) return Bad(where + key, "is above " + std::to_string(max));
  return std::optional<uint64_t>(number);
}

struct NamedAction {
  const char* name;
  uint32_t ret;
};
constexpr std::array<NamedAction, 9> kActions{{{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
                                               {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
                                               {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
                                               {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
                                               {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
                                               {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
                                               {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
                                               {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
                                               {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF}}};

std::optional<uint32_t> ErrnoByName(std::string_view name) {
  for (int err = 1; err < 134; ++err) {
    const char* known = ::strerrorname_np(err);
    if (known != nullptr && name == known) return static_cast<uint32_t>(err);
  }
  return std::nullopt;
}

// An action with its data: `keys` are "action", "errnoRet" and "errno", or their default* twins.
struct ActionKeys {
  const char *action, *errno_ret, *errno_name;
};
Result<uint32_t> ParseAction(const Json& object, const ActionKeys& keys, const std::string& where) {
  const std::string name = TRY(String(object, keys.action, where));
  if (name.empty()) return Bad(where + keys.action, "is missing");
  const auto* known = std::find_if(kActions.begin(), kActions.end(),
                                   [&name](const NamedAction& a) { return name == a.name; });
  if (known == kActions.end()) return Bad(where + keys.action, "is unknown: " + Quote(name));
  if (known->ret == SECCOMP_RET_USER_NOTIF)
    return Error(Code::kUnsupported, "seccomp profile: " + where +
                                         "SCMP_ACT_NOTIFY needs a listener,"
                                         " which is not supported");
  const bool is_errno = known->ret == SECCOMP_RET_ERRNO, is_trace = known->ret == SECCOMP_RET_TRACE;
  // An errno above MAX_ERRNO would be cut to 4095 by the kernel.
  const std::optional<uint64_t> number =
      TRY(Number(object, keys.errno_ret, is_trace ? SECCOMP_RET_DATA : 4095, where));
  const std::string errno_name = TRY(String(object, keys.errno_name, where));
  uint32_t data = is_errno || is_trace ? EPERM : 0;
  if (number) data = static_cast<uint32_t>(*number);
  if (!errno_name.empty()) {
    const std::optional<uint32_t> err = ErrnoByName(errno_name);
    if (!err) return Bad(where + keys.errno_name, "is unknown: " + Quote(errno_name));
    data = *err;
  }
  if (!is_errno && !is_trace && data != 0)
    return Bad(where + keys.errno_ret, "has no meaning with " + name);
  return known->ret | data;
}

Result<Op> ParseOp(const Json& object, const std::string& where) {
  const std::string name = TRY(String(object, "op", where));
  constexpr std::array<const char*, 7> kOps{"SCMP_CMP_NE",       "SCMP_CMP_LT", "SCMP_CMP_LE",
                                            "SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
                                            "SCMP_CMP_MASKED_EQ"};
  for (size_t i = 0; i < kOps.size(); ++i)
    if (name == kOps[i]) return static_cast<Op>(i);
  return Bad(where + "op", name.empty() ? "is missing" : "is unknown: " + Quote(name));
}

Result<ArgCheck> ParseArg(const Json& object, const std::string& where) {
  if (!object.is_object()) return Bad(where + "args", "must hold objects");
  ArgCheck arg;
  const std::optional<uint64_t> index = TRY(Number(object, "index", 5, where));
  const std::optional<uint64_t> value = TRY(Number(object, "value", UINT64_MAX, where));
  const std::optional<uint64_t> value_two = TRY(Number(object, "valueTwo", UINT64_MAX, where));
  if (!index) return Bad(where + "index", "is missing");
  arg.index = static_cast<uint32_t>(*index);
  arg.op = TRY(ParseOp(object, where));
  arg.value = value.value_or(0);
  arg.value_two = value_two.value_or(0);
  if (arg.op != Op::kMaskedEqual && arg.value_two != 0)
    return Bad(where + "valueTwo", "has a meaning only with SCMP_CMP_MASKED_EQ");
  if (arg.op == Op::kMaskedEqual && arg.value == 0)
    return Bad(where + "value", "is a mask of 0, which compares nothing");
  if (arg.op == Op::kMaskedEqual && (arg.value_two & ~arg.value) != 0)
    return Bad(where + "valueTwo", "has bits outside of its mask: it can never match");
  return arg;
}

Result<std::pair<int, int>> ParseKernel(const std::string& text, const std::string& where) {
  const std::vector<std::string> parts = Split(text, '.');
  const std::optional<uint64_t> major = ParseUint(parts[0]);
  const std::optional<uint64_t> minor = parts.size() > 1 ? ParseUint(parts[1]) : std::nullopt;
  if (parts.size() != 2 || !major || !minor || *major > 1000 || *minor > 1000)
    return Bad(where + "minKernel", "must look like \"4.8\"");
  return std::pair<int, int>(static_cast<int>(*major), static_cast<int>(*minor));
}

Result<Condition> ParseCondition(const Json& rule, const char* key, const std::string& where) {
  Condition condition;
  const Json* object = Find(rule, key);
  if (object == nullptr) return condition;
  if (!object->is_object()) return Bad(where + key, "must be an object");
  // A condition that is not understood must not be taken as met, nor as not met.
  for (const auto& [name, value] : object->items())
    if (name != "caps" && name != "arches" && name != "minKernel")
      return Bad(where + key, "holds the unknown condition " + Quote(name));
  for (const std::string& cap : TRY(Strings(*object, "caps", where)))
    condition.caps.push_back(BareCapability(cap));
  condition.arches = TRY(Strings(*object, "arches", where));
  const std::string kernel = TRY(String(*object, "minKernel", where));
  if (!kernel.empty()) condition.min_kernel = TRY(ParseKernel(kernel, where));
  return condition;
}

Result<Rule> ParseRule(const Json& object, const std::string& where) {
  if (!object.is_object()) return Bad(where + "rule", "must be an object");
  Rule rule;
  rule.names = TRY(Strings(object, "names", where));
  const std::string name = TRY(String(object, "name", where));  // moby, before 2016
  if (!name.empty() && !rule.names.empty()) return Bad(where + "name", "and names are both given");
  if (!name.empty()) rule.names.push_back(name);
  if (rule.names.empty()) return Bad(where + "names", "is missing");
  rule.action = TRY(ParseAction(object, {"action", "errnoRet", "errno"}, where));
  if (const Json* args = Find(object, "args")) {
    if (!args->is_array()) return Bad(where + "args", "must be a list");
    for (const Json& arg : *args) {
      rule.args.push_back(TRY(ParseArg(arg, where)));
      if (rule.args.size() > 24) return Bad(where + "args", "has too many conditions");
    }
  }
  rule.includes = TRY(ParseCondition(object, "includes", where));
  rule.excludes = TRY(ParseCondition(object, "excludes", where));
  return rule;
}

Status CheckArchitecture(const std::string& name) {
  // Newer than, or unknown to, libseccomp 2.5.
  constexpr std::array<std::string_view, 4> kOthers{"loongarch64", "m68k", "sh", "sheb"};
  const std::string bare =
      StartsWith(name, "SCMP_ARCH_") ? ToLower(std::string_view(name).substr(10)) : "";
  if (std::find(kOthers.begin(), kOthers.end(), bare) == kOthers.end() &&
      (bare.empty() || ::seccomp_arch_resolve_name(bare.c_str()) == 0))
    return Error(Code::kInvalidArgument, "seccomp profile: unknown architecture " + Quote(name));
  return Ok();
}

// `architectures` is a plain list; `archMap` has, for each possible native architecture, the
// others that its processes may use.
Result<std::vector<std::string>> ParseArchitectures(const Json& profile) {
  std::vector<std::string> names = TRY(Strings(profile, "architectures", ""));
  const Json* map = Find(profile, "archMap");
  if (map != nullptr && !map->is_array()) return Bad("archMap", "must be a list");
  if (map != nullptr && !map->empty() && !names.empty())
    return Bad("architectures", "and archMap are both given");
  for (const std::string& name : names) TRY(CheckArchitecture(name));
  if (map == nullptr) return names;
  for (const Json& entry : *map) {
    if (!entry.is_object()) return Bad("archMap", "must hold objects");
    const std::string main = TRY(String(entry, "architecture", "archMap "));
    const std::vector<std::string> subs = TRY(Strings(entry, "subArchitectures", "archMap "));
    TRY(CheckArchitecture(main));
    for (const std::string& sub : subs) TRY(CheckArchitecture(sub));
    if (main != NativeFamily().front().name) continue;
    names.push_back(main);
    names.insert(names.end(), subs.begin(), subs.end());
  }
  return names;
}

Status CheckFlags(const Json& profile) {
  const std::vector<std::string> flags = TRY(Strings(profile, "flags", ""));
  for (const std::string& flag : flags) {
    // The filter is installed by a single thread, and without SPEC_ALLOW it is only stricter.
    if (flag == "SECCOMP_FILTER_FLAG_TSYNC" || flag == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") continue;
    return Error(Code::kUnsupported, "seccomp profile: flag " + Quote(flag) + " is not supported");
  }
  const std::string listener = TRY(String(profile, "listenerPath", ""));
  if (!listener.empty())
    return Error(Code::kUnsupported, "seccomp profile: listenerPath is not supported");
  return Ok();
}

}  // namespace

Result<Profile> ParseProfile(std::string_view json) {
  if (json.size() > kMaxBytes)
    return Error(Code::kInvalidArgument, "seccomp profile: larger than 4 MiB");
  const Json document = Json::parse(json.begin(), json.end(), nullptr, false);
  if (document.is_discarded() || !document.is_object())
    return Error(Code::kInvalidArgument, "seccomp profile: not a JSON object");
  Profile profile;
  profile.default_action =
      TRY(ParseAction(document, {"defaultAction", "defaultErrnoRet", "defaultErrno"}, ""));
  profile.architectures = TRY(ParseArchitectures(document));
  TRY(CheckFlags(document));
  if (const Json* rules = Find(document, "syscalls")) {
    if (!rules->is_array()) return Bad("syscalls", "must be a list");
    profile.rules.reserve(rules->size());
    for (const Json& rule : *rules) {
      const std::string where = "syscalls[" + std::to_string(profile.rules.size()) + "] ";
      profile.rules.push_back(TRY(ParseRule(rule, where)));
    }
  }
  return profile;
}

std::string_view DefaultProfileText() {
  static constexpr std::string_view kText =
#include "default_profile.inc"
      ;
  return kText;
}

Result<std::string> ReadProfile(const std::string& path) {
  const sys::Fd fd = TRY_CTX("seccomp profile", sys::Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  const struct stat st = TRY(sys::StatFd(fd.get(), path));
  if (!S_ISREG(st.st_mode))
    return Error(Code::kCorrupt, "seccomp profile: '" + path + "' is not a regular file");
  return TRY_CTX("seccomp profile", sys::ReadAll(fd.get(), path, kMaxBytes));
}

Result<std::optional<std::string>> ReadAdminProfile() {
  Result<std::string> text = ReadProfile("/etc/containers/seccomp.json");
  if (text.ok()) return std::optional<std::string>(std::move(*text));
  if (text.error().sys_errno() == ENOENT) return std::optional<std::string>();
  return std::move(text).error();
}

}  // namespace ctool::seccomp
