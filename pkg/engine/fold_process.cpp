// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

// A JSON array of strings is the list; anything else is one word, "" none.
std::vector<std::string> ParseEntrypoint(const std::string& text) {
  if (text.empty()) return {};
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  std::vector<std::string> words;
  if (!list.is_array()) return {text};
  for (const auto& word : list) {
    if (!word.is_string()) return {text};
    words.push_back(word.get<std::string>());
  }
  return words;
}

// path.Clean of an absolute path: no ".", "..", "//".
std::string CleanAbsolute(const std::string& path) {
  std::vector<std::string> parts;
  for (std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") parts.push_back(std::move(part));
    else if (!parts.empty()) parts.pop_back();
  }
  return "/" + Join(parts, "/");
}

Result<std::string> HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) < 0) return Error::Sys(errno, "gethostname");
  return std::string(name.data());
}

Status CheckHostname(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
  if (name.size() > 64 || !plain)
    return Error(Code::kInvalidArgument, "invalid hostname " + Quote(name) +
                                             ": at most 64 of a-z, A-Z, 0-9, '-', '.' and '_'");
  return Ok();
}

Status CheckNoNul(const std::vector<std::string>& words, const char* what) {
  for (const std::string& word : words)
    if (word.find('\0') != std::string::npos)
      return Error(Code::kInvalidArgument, std::string(what) + " " + Quote(word) + " holds a NUL");
  return Ok();
}

// A name below the host's zoneinfo, never a way out of it.
Status CheckTimezone(const std::string& zone) {
  if (zone.empty() || zone == "local") return Ok();
  const std::vector<std::string> parts = Split(zone, '/');
  const bool plain = std::none_of(parts.begin(), parts.end(), [](const std::string& p) { return p.empty() || p[0] == '.'; });
  struct stat st {};
  if (plain && ::stat(("/usr/share/zoneinfo/" + zone).c_str(), &st) == 0 && S_ISREG(st.st_mode)) return Ok();
  return Error(Code::kInvalidArgument, "finding timezone: unknown time zone " + Printable(zone));
}

// The program of --init.
Status FoldInitPath(const FoldInput& in, ContainerSpec& spec) {
  const std::string path = !in.options.init_path.empty() ? in.options.init_path : in.conf.init_path.value_or("");
  if (!spec.init || path.empty()) return Ok();
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0) {
    spec.init_path = path;
    return Ok();
  }
  // A default that is not there is no reason to fail: there is one of ours.
  if (in.options.init_path.empty()) return Ok();
  return Error::Sys(errno, "stat", path).As(Code::kInvalidArgument).Wrap("container-init binary not found on the host");
}

}  // namespace

Status FoldProcess(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  spec.command = o.command;
  if (o.entrypoint) {
    spec.entrypoint = ParseEntrypoint(*o.entrypoint);
  } else {
    spec.entrypoint = in.image.entrypoint;
    if (spec.command.empty()) spec.command = in.image.cmd;
  }
  TRY(CheckNoNul(spec.entrypoint, "entrypoint"));
  TRY(CheckNoNul(spec.command, "command"));
  if (spec.Argv().empty())
    return Error(o.rootfs ? Code::kInvalidArgument : Code::kNoCommand, "no command or entrypoint provided, and no CMD or ENTRYPOINT from image");

  spec.working_dir = "/";
  if (!o.workdir.empty()) {
    if (o.workdir[0] != '/')
      return Error(Code::kInvalidArgument, "workdir " + Quote(o.workdir) + " is not an absolute path");
    spec.working_dir = CleanAbsolute(o.workdir);
  } else if (!in.image.working_dir.empty()) {
    spec.working_dir = CleanAbsolute(in.image.working_dir);
    spec.create_working_dir = true;
  }
  if (!o.user.empty()) spec.user = o.user;
  else if (spec.user.empty()) spec.user = in.image.user;  // unless its user namespace has decided
  if (!spec.keep_groups) spec.group_add = o.group_add;
  spec.init = o.init || in.conf.init.value_or(false);
  spec.personality = o.personality;
  spec.chrootdirs = o.chrootdirs;
  TRY(FoldInitPath(in, spec));

  const bool host_uts = o.uts == "host" || std::find(o.network.begin(), o.network.end(), "host") != o.network.end();
  if (o.hostname) {
    TRY(CheckHostname(*o.hostname));
    if (o.uts == "host" && !o.hostname->empty())
      return Error(Code::kInvalidArgument, "cannot set a hostname in the host's UTS namespace");
  }
  spec.hostname = o.hostname && !o.hostname->empty() ? *o.hostname
                  : host_uts                         ? TRY(HostName())
                  : !spec.hostname.empty()           ? spec.hostname  // of the one whose network it shares
                                                     : spec.id.substr(0, 12);
  spec.umask = !o.umask.empty() ? o.umask : in.conf.umask.value_or("0022");
  const bool octal = !spec.umask.empty() && spec.umask.size() <= 4 &&
                     spec.umask.find_first_not_of("01234567") == std::string::npos;
  if (!octal)
    return Error(Code::kInvalidArgument, "invalid umask " + Quote(spec.umask) + ": wanted one to four octal digits");
  spec.passwd = o.passwd;
  spec.timezone = !o.tz.empty() ? o.tz : in.conf.tz.value_or("");
  TRY(CheckTimezone(spec.timezone));
  spec.umask.insert(0, 4 - spec.umask.size(), '0');
  return Ok();
}

}  // namespace ctool::engine
