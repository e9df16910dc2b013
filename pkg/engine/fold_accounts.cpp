// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "config/host_user.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

Status CheckLine(const std::string& text, const char* option) {
  if (text.find_first_of("\n\r") == std::string::npos && text.find('\0') == std::string::npos) return Ok();
  return Error(Code::kInvalidArgument, std::string("invalid ") + option + " " + Quote(text) + ": it is more than a line");
}

}  // namespace

Status FoldAccounts(const FoldInput& in, ContainerSpec& spec) {
  TRY(CheckLine(in.options.passwd_entry, "--passwd-entry"));
  TRY(CheckLine(in.options.group_entry, "--group-entry"));
  spec.passwd_entry = in.options.passwd_entry;
  if (!in.options.group_entry.empty()) spec.group_entry = in.options.group_entry;
  for (const std::string& user : in.options.hostuser) {
    std::optional<std::string> line = config::HostUserLine(user);
    if (!line) return Error(Code::kNotExecutable, "user: unknown user " + Printable(user));
    spec.host_users.push_back(std::move(*line));
  }
  return Ok();
}

}  // namespace ctool::engine
