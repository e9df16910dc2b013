// SPDX-License-Identifier: Apache-2.0
#include "builder/accounts.hpp"

#include "runtime/user.hpp"

namespace ctool::builder {
namespace {

constexpr size_t kMaxAccounts = 16 << 20;  // of a passwd or group file

std::string ReadAccounts(const sys::Root& root, const char* path) {
  Result<std::string> text = root.ReadRegular(path, kMaxAccounts);
  return text.ok() ? std::move(text).value() : std::string();
}

}  // namespace

Result<std::pair<uid_t, gid_t>> FindAccount(const std::string& user, const sys::Root& root) {
  Result<runtime::ResolvedUser> found = runtime::ResolveUser(user, {}, ReadAccounts(root, "/etc/passwd"), ReadAccounts(root, "/etc/group"));
  // The build is at fault, and no command that can't be executed.
  if (!found.ok()) return std::move(found).error().As(Code::kInvalidArgument);
  return std::pair<uid_t, gid_t>(found->uid, found->gid);
}

}  // namespace ctool::builder
