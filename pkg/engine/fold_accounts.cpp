// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>

#include <array>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

// A line of the host's accounts; the home is the container's to say.
Result<std::string> HostUser(const std::string& name_or_uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer;
  const std::optional<uint64_t> uid = ParseUint(name_or_uid);
  const int err = uid ? ::getpwuid_r(static_cast<uid_t>(*uid), &entry, buffer.data(), buffer.size(), &found)
                      : ::getpwnam_r(name_or_uid.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr)
    return Error(Code::kNotExecutable, "user: unknown user " + Printable(name_or_uid) + (err != 0 ? " (the host's accounts cannot be read)" : ""));
  return std::string(entry.pw_name) + ":*:" + std::to_string(entry.pw_uid) + ":" + std::to_string(entry.pw_gid) + ":" + entry.pw_gecos +
         ":" + entry.pw_dir + ":/bin/sh";
}

Status CheckLine(const std::string& text, const char* option) {
  if (text.find_first_of("\n\r") == std::string::npos && text.find('\0') == std::string::npos) return Ok();
  return Error(Code::kInvalidArgument, std::string("invalid ") + option + " " + Quote(text) + ": it is more than a line");
}

}  // namespace

Status FoldAccounts(const FoldInput& in, ContainerSpec& spec) {
  TRY(CheckLine(in.options.passwd_entry, "--passwd-entry"));
  TRY(CheckLine(in.options.group_entry, "--group-entry"));
  spec.passwd_entry = in.options.passwd_entry;
  spec.group_entry = in.options.group_entry;
  for (const std::string& user : in.options.hostuser) spec.host_users.push_back(TRY(HostUser(user)));
  return Ok();
}

}  // namespace ctool::engine
