// SPDX-License-Identifier: Apache-2.0
#include "config/host_user.hpp"

#include <pwd.h>

#include "base/text.hpp"

namespace ctool::config {

std::optional<std::string> HostUserLine(const std::string& name_or_uid) {
  const std::optional<uint64_t> uid = ParseUint(name_or_uid);
  if (uid && *uid >= UINT32_MAX) return std::nullopt;
  const passwd* found = uid ? ::getpwuid(static_cast<uid_t>(*uid)) : ::getpwnam(name_or_uid.c_str());
  if (found == nullptr) return std::nullopt;
  return std::string(found->pw_name) + ":*:" + std::to_string(found->pw_uid) + ":" + std::to_string(found->pw_gid) + ":" +
         found->pw_gecos + ":" + found->pw_dir + ":/bin/sh";
}

}  // namespace ctool::config
