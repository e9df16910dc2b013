// SPDX-License-Identifier: Apache-2.0
#include "runtime/user.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/text.hpp"

namespace ctool::runtime {
namespace {

constexpr uint64_t kMaxId = 4294967294;  // (uid_t)-1 means "leave it" to the kernel

// Calls `use` with the fields of each well-formed line until it returns true.
void EachLine(std::string_view text, size_t min_fields,
              const std::function<bool(const std::vector<std::string>&)>& use) {
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    // A line of several KiB is nobody's account, nor is one with a NUL, behind which libc sees nothing.
    if (line.empty() || line.front() == '#' || line.size() > 16384 || line.find('\0') != line.npos) continue;
    const std::vector<std::string> fields = Split(line, ':');
    if (fields.size() >= min_fields && use(fields)) return;
  }
}

std::optional<uint32_t> Id(std::string_view text) {
  const std::optional<uint64_t> id = ParseUint(text);
  return id && *id <= kMaxId ? std::optional(static_cast<uint32_t>(*id)) : std::nullopt;
}

bool LooksNumeric(std::string_view text) {
  return !text.empty() && ((text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '+');
}

Error InvalidUser(std::string_view user) {
  return Error(Code::kNotExecutable, "invalid user " + Quote(user) +
                                         ": wanted name, uid, name:group or uid:gid, with ids of 0 to " +
                                         std::to_string(kMaxId));
}

Result<uint32_t> ResolveGroup(std::string_view name, std::string_view group) {
  if (LooksNumeric(name)) {
    const std::optional<uint32_t> gid = Id(name);
    if (!gid) return InvalidUser(name);
    return *gid;
  }
  std::optional<uint32_t> found;
  EachLine(group, 3, [&](const std::vector<std::string>& f) {
    if (f[0] == name) found = Id(f[2]);
    return found.has_value();
  });
  if (!found)
    return Error(Code::kNotExecutable,
                 "unable to find group " + Printable(name) + ": no matching entries in group file");
  return *found;
}

void AddGroup(std::vector<uint32_t>& groups, uint32_t gid) {
  if (std::find(groups.begin(), groups.end(), gid) == groups.end()) groups.push_back(gid);
}

}  // namespace

Result<ResolvedUser> ResolveUser(std::string_view user, const std::vector<std::string>& group_add,
                                 std::string_view passwd, std::string_view group) {
  const size_t colon = user.find(':');
  std::string_view name = user.substr(0, colon);
  const bool has_group = colon != std::string_view::npos;
  const std::string_view group_name = has_group ? user.substr(colon + 1) : std::string_view();
  if ((has_group && group_name.empty()) || group_name.find(':') != std::string_view::npos ||
      user.find('\0') != std::string_view::npos || user.find('\n') != std::string_view::npos)
    return InvalidUser(user);
  if (name.empty()) name = "0";

  ResolvedUser who;
  std::string login;
  std::optional<uint32_t> uid;
  if (LooksNumeric(name) && !(uid = Id(name))) return InvalidUser(user);
  EachLine(passwd, 4, [&](const std::vector<std::string>& f) {
    const std::optional<uint32_t> entry_uid = Id(f[2]), entry_gid = Id(f[3]);
    if (!entry_uid || !entry_gid || (uid ? *entry_uid != *uid : f[0] != name)) return false;
    login = f[0];
    who.uid = *entry_uid;
    who.gid = *entry_gid;
    if (f.size() > 5 && !f[5].empty()) who.home = f[5];
    return who.in_passwd = true;
  });
  if (!who.in_passwd) {
    if (!uid)
      return Error(Code::kNotExecutable,
                   "unable to find user " + Printable(name) + ": no matching entries in passwd file");
    who.uid = *uid;
    if (*uid == 0) who.home = "/root";
  }
  if (has_group) who.gid = TRY(ResolveGroup(group_name, group));
  AddGroup(who.groups, who.gid);
  if (!has_group && !login.empty())
    EachLine(group, 4, [&](const std::vector<std::string>& f) {
      const std::vector<std::string> members = Split(f[3], ',');
      const std::optional<uint32_t> gid = Id(f[2]);
      if (gid && std::find(members.begin(), members.end(), login) != members.end())
        AddGroup(who.groups, *gid);
      return false;
    });
  for (const std::string& extra : group_add) AddGroup(who.groups, TRY(ResolveGroup(extra, group)));
  return who;
}

}  // namespace ctool::runtime
