// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <unistd.h>

#include <cerrno>

#include "userns/userns.hpp"

namespace ctool::userns {

Status BecomeRoot(Groups groups) {
  if (::setresgid(0, 0, 0) < 0) return Error::Sys(errno, "become gid 0 of the user namespace");
  if (::setresuid(0, 0, 0) < 0) return Error::Sys(errno, "become uid 0 of the user namespace");
  // EPERM: a single-id map, where setgroups is denied.
  if (groups == Groups::kKeep) return Ok();
  if (::setgroups(0, nullptr) < 0 && errno != EPERM) return Error::Sys(errno, "setgroups");
  return Ok();
}

}  // namespace ctool::userns
