// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/text.hpp"
#include "engine/security_modules_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// The value of `key = value` in a small configuration file, without quotes.
Result<std::string> Setting(const std::string& path, const std::string& key) {
  for (const std::string& line : Split(TRY(sys::ReadFile(path, 64 << 10)), '\n')) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos || Trim(line.substr(0, equals)) != key) continue;
    std::string value(Trim(line.substr(equals + 1)));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return value;
  }
  return Error(Code::kNotFound, "'" + path + "' does not say " + key);
}

// The policy's label for containers, user:role:type:level.
Result<std::string> ContainerLabel() {
  const std::string type = TRY(Setting("/etc/selinux/config", "SELINUXTYPE"));
  if (type.empty() || type.find('/') != std::string::npos) return Error(Code::kCorrupt, "'/etc/selinux/config' names no policy");
  return Setting("/etc/selinux/" + type + "/contexts/lxc_contexts", "process");
}

}  // namespace

bool HasAppArmor() {
  const Result<std::string> enabled = sys::ReadFile("/sys/module/apparmor/parameters/enabled", 16);
  return enabled.ok() && StartsWith(*enabled, "Y");
}

bool HasSelinux() { return sys::Exists("/sys/fs/selinux/enforce"); }

Status SetAppArmor(const std::string& profile, std::string& into) {
  if (profile.empty()) return Error(Code::kInvalidArgument, "--security-opt apparmor= needs a profile, or \"unconfined\"");
  into = profile == "unconfined" ? "" : profile;
  if (into.empty() || HasAppArmor()) return Ok();
  return Error(Code::kUnsupported, "the AppArmor profile " + Quote(profile) + " cannot be applied: this kernel has no AppArmor, or has it switched off")
      .Hint("leave the option out, or confine the container with --security-opt landlock=... or seccomp=FILE");
}

Result<std::string> SelinuxLabel(const std::vector<std::string>& options) {
  constexpr std::array<std::string_view, 4> kParts = {"user", "role", "type", "level"};
  std::array<std::string, 4> asked;
  bool any = false;
  for (const std::string& option : options) {
    if (option == "disable") return std::string();
    if (option == "nested") continue;
    const size_t colon = option.find(':');
    size_t part = 0;
    while (part < kParts.size() && option.substr(0, colon) != kParts[part]) ++part;
    if (part == kParts.size() || colon == std::string::npos || colon + 1 == option.size()) {
      if (StartsWith(option, "filetype:") && option.size() > 9 && !HasSelinux()) any = true;
      else return Error(Code::kInvalidArgument, "invalid --security-opt \"label=" + Printable(option) + "\": there are disable, nested, user:, role:, type: and level:");
      continue;
    }
    asked[part] = option.substr(colon + 1);
    any = true;
  }
  if (!any) return std::string();
  if (!HasSelinux())
    return Error(Code::kUnsupported, "the SELinux label " + Quote("label=" + Join(options, ",")) + " cannot be applied: this kernel has no SELinux, or has it switched off")
        .Hint("label=disable says that none is wanted");
  std::vector<std::string> label = Split(TRY_CTX("SELinux label of containers", ContainerLabel()), ':');
  // A level has colons of its own.
  while (label.size() > kParts.size()) {
    label[3] += ":" + label[4];
    label.erase(label.begin() + 4);
  }
  label.resize(kParts.size(), "s0");
  for (size_t part = 0; part < kParts.size(); ++part)
    if (!asked[part].empty()) label[part] = asked[part];
  return Join(label, ":");
}

}  // namespace ctool::engine
