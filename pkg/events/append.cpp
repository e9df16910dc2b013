// SPDX-License-Identifier: Apache-2.0
#include "events/append.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstdio>

#include "base/clock.hpp"
#include "sys/file.hpp"

namespace ctool::events {
namespace {

// A JSON string. Names and ids are UTF-8: they were checked when they were given.
void AppendQuoted(std::string& to, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') to += '\\';
    if (byte >= 0x20) to += c;
    else to.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  to += '"';
}

void AppendMember(std::string& to, const char* key, std::string_view value) {
  if (value.empty()) return;
  to.append(",\"").append(key).append("\":");
  AppendQuoted(to, value);
}

// The log, locked so that nobody renames it while we write to it; made if it is missing.
Result<sys::Fd> OpenLocked(const std::string& path) {
  for (;;) {
    Result<sys::Fd> opened = sys::Open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    if (!opened.ok() && opened.error().sys_errno() == ENOENT) {  // the first event since the host has started
      const sys::Fd folder = TRY(sys::OpenPrivateDir(path.substr(0, path.rfind('/'))));
      opened = sys::Open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    }
    sys::Fd fd = TRY(std::move(opened));
    while (::flock(fd.get(), LOCK_SH) < 0)
      if (errno != EINTR) return Error::Sys(errno, "flock", path);
    struct stat ours {}, now {};
    if (::fstat(fd.get(), &ours) < 0) return Error::Sys(errno, "fstat", path);
    if (::stat(path.c_str(), &now) == 0 && now.st_ino == ours.st_ino && now.st_dev == ours.st_dev) return fd;
  }
}

// Nobody writes to the file while we have it alone; who comes after finds that it was renamed.
Status Rotate(const sys::Fd& fd, const std::string& path, long max_size) {
  while (::flock(fd.get(), LOCK_EX) < 0)
    if (errno != EINTR) return Error::Sys(errno, "flock", path);
  struct stat ours {}, now {};
  if (::fstat(fd.get(), &ours) < 0) return Error::Sys(errno, "fstat", path);
  if (ours.st_size < max_size) return Ok();
  if (::stat(path.c_str(), &now) < 0 || now.st_ino != ours.st_ino) return Ok();  // somebody else has
  if (::rename(path.c_str(), (path + ".1").c_str()) < 0) return Error::Sys(errno, "rename", path);
  return Ok();
}

}  // namespace

std::string Common(const Subject& subject) {
  std::string text;
  AppendMember(text, "ID", subject.id);
  AppendMember(text, "Image", subject.image);
  AppendMember(text, "Name", subject.name);
  AppendMember(text, "Type", subject.type);
  if (!subject.attributes.empty() && subject.attributes != "{}") text.append(",\"Attributes\":").append(subject.attributes);
  return text;
}

std::string Member(const char* key, std::string_view value) {
  std::string text;
  AppendMember(text, key, value);
  return text;
}

std::string Line(std::string_view status, std::string_view common, std::optional<int> exit_code) {
  std::string line = "{\"Time\":" + std::to_string(WallNanos());
  AppendMember(line, "Status", status);
  if (exit_code) line += ",\"ContainerExitCode\":" + std::to_string(*exit_code);
  return line.append(common).append("}\n");
}

Status Append(const std::string& log, std::string_view lines, long max_size) {
  sys::Fd fd = TRY(OpenLocked(log));
  struct stat st {};
  if (::fstat(fd.get(), &st) == 0 && st.st_size >= max_size) {
    TRY(Rotate(fd, log, max_size));
    fd = TRY(OpenLocked(log));
  }
  return sys::WriteAll(fd.get(), lines, log);
}

}  // namespace ctool::events
