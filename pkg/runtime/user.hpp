// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::runtime {

// Who a process in the container is.
struct ResolvedUser {
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;  // supplementary, with `gid` among them
  std::string home = "/";
  bool in_passwd = false;
};

// Looks `user` ("", "name", "uid", "name:group", "uid:gid") up in the text of the container's own
// passwd(5) and group(5). What begins with a digit is a number or an error, never a name. Without
// a group part the groups that list the user count too; an unknown uid has gid 0 and home "/".
// Errors: kNotExecutable (exit status 126) "unable to find user x: no matching entries in passwd
// file". Ids go up to 4294967294.
Result<ResolvedUser> ResolveUser(std::string_view user, const std::vector<std::string>& group_add,
                                 std::string_view passwd, std::string_view group);

}  // namespace ctool::runtime
