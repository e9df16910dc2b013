// SPDX-License-Identifier: Apache-2.0
#include "doctor/checks_internal.hpp"

namespace ctool::doctor {
namespace {

// A path in a profile: quoted, and without the meaning of the characters that match others.
std::string ProfilePath(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    if (std::string_view("\\\"*?[]{}^@").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

// The programs that ctool executes keep its label, as there is no profile of theirs: also the sealed copy of the monitor,
// which has no path.
std::string AppArmorProfile(std::string_view path) {
  return "abi <abi/4.0>,\ninclude <tunables/global>\nprofile ctool " + ProfilePath(path) +
         " flags=(unconfined) {\n  userns,\n  include if exists <local/ctool>\n}\n";
}

std::string AppArmorCommand(std::string_view path) {
  std::string command = "printf '%s\\n'";
  std::string_view rest;
  const std::string profile = AppArmorProfile(path);
  rest = profile;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    command += " " + ShellWord(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return command + " > /etc/apparmor.d/ctool && apparmor_parser -r /etc/apparmor.d/ctool";
}

}  // namespace ctool::doctor
