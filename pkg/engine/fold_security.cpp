// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "runtime/plan.hpp"
#include "seccomp/seccomp.hpp"

namespace ctool::engine {
namespace {

// podman's defaults (containers.conf(5), default_capabilities): CapBnd 00000000800405fb.
constexpr const char* kDefaultCapabilities[] = {
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"};

constexpr uint64_t kAllCapabilities = (uint64_t{1} << (runtime::kLastCapability + 1)) - 1;

Result<uint64_t> Mask(const std::vector<std::string>& names) {
  uint64_t mask = 0;
  for (const std::string& name : names) {
    if (ToLower(name) == "all") {
      mask = kAllCapabilities;
      continue;
    }
    const std::optional<int> bit = runtime::CapabilityBit(name);
    if (!bit) return Error(Code::kInvalidArgument, "unknown capability " + Quote(name)).Hint("capabilities(7) names them: CAP_NET_RAW, or net_raw for short; ALL means all");
    mask |= uint64_t{1} << *bit;
  }
  return mask;
}

std::vector<std::string> Names(uint64_t mask) {
  std::vector<std::string> names;
  for (int bit = 0; bit <= runtime::kLastCapability; ++bit)
    if ((mask >> bit & 1) != 0) names.emplace_back(runtime::CapabilityName(bit));
  return names;
}

}  // namespace

std::vector<std::string> AllCapabilities() { return Names(kAllCapabilities); }

namespace {

Status FoldCapabilities(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  uint64_t base = 0;
  if (in.conf.default_capabilities) base = TRY(Mask(*in.conf.default_capabilities));
  else
    for (const char* name : kDefaultCapabilities) base |= uint64_t{1} << *runtime::CapabilityBit(name);
  const uint64_t added = TRY(Mask(o.cap_add)), dropped = TRY(Mask(o.cap_drop));
  const bool drop_all = dropped == kAllCapabilities, add_all = added == kAllCapabilities;
  if (!drop_all && !add_all && (added & dropped) != 0)
    return Error(Code::kInvalidArgument,
                 "capability " + Quote(Names(added & dropped)[0]) + " cannot be dropped and added");
  const uint64_t bounding = o.privileged ? kAllCapabilities & ~dropped
                            : drop_all   ? added
                                         : (base | added) & ~(add_all ? dropped : dropped & ~added);
  spec.cap_add = o.cap_add;
  spec.cap_drop = o.cap_drop;
  spec.bounding = Names(bounding);
  spec.ambient = Names(o.privileged ? 0 : bounding & added);  // of users other than root
  return Ok();
}

Result<uint64_t> LimitValue(const std::string& text) {
  const std::optional<int64_t> n = ParseInt(text);
  if (!n || *n < -1) return Error(Code::kInvalidArgument, "invalid limit " + Quote(text) + ": want a number, or -1 for no limit");
  return *n == -1 ? UINT64_MAX : static_cast<uint64_t>(*n);
}

constexpr const char* kLimitTypes[] = {"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice",
                                       "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"};

// As high as the caller's own hard limit lets, up to what podman sets.
void AddDefaultLimit(const char* type, __rlimit_resource resource, ContainerSpec& spec) {
  constexpr uint64_t kMost = 1048576;
  rlimit current{};
  if (::getrlimit(resource, &current) < 0) return;
  const uint64_t value = std::min<uint64_t>(kMost, current.rlim_max);
  spec.rlimits.push_back({type, value, value});
}

Status AddSysctl(const std::string& text, bool is_default, ContainerSpec& spec) {
  const size_t equals = text.find('=');
  const std::string key = text.substr(0, equals);
  const bool plain = equals != std::string::npos && !key.empty() &&
                     key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos &&
                     key.find("..") == std::string::npos;
  if (!plain) return Error(Code::kInvalidArgument, "invalid sysctl " + Quote(text) + ": wanted NAME=VALUE");
  const bool net = StartsWith(key, "net.") && spec.network_mode != "host";
  const bool ipc = (StartsWith(key, "kernel.msg") || key == "kernel.sem" || StartsWith(key, "kernel.shm") || StartsWith(key, "fs.mqueue.")) && spec.ipc_mode != "host";
  if (net || ipc) spec.sysctls[key] = text.substr(equals + 1);
  // A default is for the containers that have the namespace.
  else if (!is_default)
    return Error(Code::kInvalidArgument, "sysctl " + Quote(key) + " is not in a namespace of the container's own");
  return Ok();
}

Status FoldSysctls(const FoldInput& in, ContainerSpec& spec) {
  TRY(AddSysctl("net.ipv4.ping_group_range=0 0", true, spec));
  if (in.conf.default_sysctls)
    for (const std::string& text : *in.conf.default_sysctls) TRY(AddSysctl(text, true, spec));
  for (const std::string& text : in.options.sysctl) TRY(AddSysctl(text, false, spec));
  return Ok();
}

}  // namespace

Status FoldSecurity(const FoldInput& in, ContainerSpec& spec) {
  spec.privileged = in.options.privileged || in.conf.privileged.value_or(false);
  TRY(FoldCapabilities(in, spec));
  if (spec.privileged) spec.seccomp = "unconfined";
  TRY(FoldSecurityOptions(in, spec));
  if (in.options.seccomp_policy != "image" || spec.seccomp == "unconfined") return Ok();
  const auto profile = in.image.labels.find("io.containers.seccomp.profile");
  if (profile == in.image.labels.end() || profile->second.empty())
    return Error(Code::kInvalidArgument, "no seccomp policy defined by image");
  TRY_CTX("loading seccomp profile failed", seccomp::ParseProfile(profile->second));
  spec.seccomp_profile = profile->second;
  return Ok();
}

// "nofile=1024:2048". podman's words, but for what Go says of a number.
Result<spec::Rlimit> ParseUlimit(const std::string& text) {
  const auto wrong = [](std::string why) { return Error(Code::kInvalidArgument, std::move(why)); };
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return wrong("invalid ulimit argument: " + Printable(text));
  std::string type = ToLower(text.substr(0, equals));
  if (StartsWith(type, "rlimit_")) type.erase(0, 7);
  if (std::find(std::begin(kLimitTypes), std::end(kLimitTypes), type) == std::end(kLimitTypes))
    return wrong("invalid ulimit type: " + Printable(text.substr(0, equals)));
  const std::vector<std::string> values = Split(text.substr(equals + 1), ':');
  if (values.size() > 2)
    return wrong("too many limit value arguments - " + Printable(text.substr(equals + 1)) + ", can only have up to two, `soft[:hard]`");
  spec::Rlimit limit;
  limit.type = "RLIMIT_";
  for (const char c : type) limit.type += static_cast<char>(c - 'a' + 'A');
  limit.soft = TRY(LimitValue(values[0]));
  limit.hard = TRY(LimitValue(values.back()));
  if (limit.soft > limit.hard)
    return wrong("ulimit soft limit must be less than or equal to hard limit: " + values[0] + " > " + values[1]);
  return limit;
}

Status AddUlimit(const std::string& text, ContainerSpec& spec) {
  spec::Rlimit limit = TRY_CTX("ulimit option " + Quote(text) + " requires name=SOFT:HARD, failed to be parsed", ParseUlimit(text));
  spec.rlimits.erase(std::remove_if(spec.rlimits.begin(), spec.rlimits.end(), [&](const spec::Rlimit& l) { return l.type == limit.type; }), spec.rlimits.end());
  spec.rlimits.push_back(std::move(limit));
  return Ok();
}

Status FoldLimits(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  const bool host_limits = std::find(o.ulimit.begin(), o.ulimit.end(), "host") != o.ulimit.end();
  if (!host_limits) {
    AddDefaultLimit("RLIMIT_NOFILE", RLIMIT_NOFILE, spec);
    AddDefaultLimit("RLIMIT_NPROC", RLIMIT_NPROC, spec);
    if (in.conf.default_ulimits)
      for (const std::string& text : *in.conf.default_ulimits) TRY(AddUlimit(text, spec));
  }
  for (const std::string& text : o.ulimit)
    if (text != "host") TRY(AddUlimit(text, spec));
  TRY(FoldSysctls(in, spec));
  if (o.oom_score_adj) {
    if (*o.oom_score_adj < -1000 || *o.oom_score_adj > 1000)
      return Error(Code::kInvalidArgument, "--oom-score-adj must be between -1000 and 1000");
    spec.oom_score_adj = static_cast<int>(*o.oom_score_adj);
  }
  return Ok();
}

}  // namespace ctool::engine
