// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "seccomp/seccomp.hpp"

namespace ctool::seccomp {

// The most restrictive rule of a call wins, and an errno is more restrictive than to allow: so these calls are never made,
// whatever the profile allows.
Result<std::string> PretendOwnership(const std::optional<std::string>& profile_text) {
  using Json = nlohmann::ordered_json;
  Json profile = Json::parse(profile_text ? std::string_view(*profile_text) : DefaultProfileText(), nullptr, false);
  if (!profile.is_object()) return Error(Code::kInvalidArgument, "the seccomp profile is not a JSON object");
  profile["syscalls"].push_back({{"names", {"chown", "chown32", "fchown", "fchown32", "fchownat", "lchown", "lchown32", "setgroups", "setgroups32"}},
                                 {"action", "SCMP_ACT_ERRNO"},
                                 {"errnoRet", 0}});
  return profile.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::seccomp
