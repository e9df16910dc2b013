// SPDX-License-Identifier: Apache-2.0
#include "cgroup/group.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::cgroup {
namespace {

// A control file takes a value in one write, and says what it thinks of it.
Status Write(const std::string& path, std::string_view value) {
  const sys::Fd file = TRY(sys::Open(path, O_WRONLY | O_NOFOLLOW));
  if (::write(file.get(), value.data(), value.size()) < 0) return Error::Sys(errno, "write " + Quote(value) + " to", path);
  return Ok();
}

std::string ReadOr(const std::string& path) {
  Result<std::string> text = sys::ReadFile(path);
  return text.ok() ? std::move(*text) : std::string();
}

// Until `word` has this value in cgroup.events, whose changes poll(2) tells. False: not in time, or the group is gone.
bool AwaitEvent(const std::string& path, std::string_view word, int64_t wanted, int64_t millis) {
  const Result<sys::Fd> file = sys::Open(path, O_RDONLY | O_NOFOLLOW);
  if (!file.ok()) return false;
  for (const int64_t deadline = MonotonicNanos() + millis * 1'000'000;;) {
    char text[256];
    const ssize_t got = ::pread(file->get(), text, sizeof text, 0);
    if (got < 0) return false;
    if (ValueOf({text, static_cast<size_t>(got)}, word) == wanted) return true;
    const int64_t left = (deadline - MonotonicNanos()) / 1'000'000;
    if (left <= 0) return false;
    pollfd polled{file->get(), POLLPRI, 0};
    ::poll(&polled, 1, static_cast<int>(left));
  }
}

// Groups that a process in the container has made, deepest first. The kernel itself bounds the depth (cgroup.max.depth
// of a systemd's slice, and a path's length).
Status RemoveFolders(int parent, const std::string& name) {
  const Result<sys::Fd> dir = sys::OpenAt(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!dir.ok()) return dir.error().sys_errno() == ENOENT ? Ok() : Status(dir.error());
  for (const std::string& entry : TRY(sys::ListDir(dir->get(), name))) {
    struct stat st {};
    if (::fstatat(dir->get(), entry.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) TRY(RemoveFolders(dir->get(), entry));
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) return Error::Sys(errno, "remove control group", name);
  return Ok();
}

}  // namespace

std::optional<int64_t> ValueOf(std::string_view text, std::string_view word) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.size() > word.size() && StartsWith(line, word) && line[word.size()] == ' ') return ParseInt(line.substr(word.size() + 1));
  }
  return std::nullopt;
}

std::string PathIn(std::string_view text) {
  for (const std::string& line : Split(text, '\n'))
    if (StartsWith(line, "0::/") && !StartsWith(line, "0::/..")) return line.substr(3);
  return "";
}

std::string GroupOf(pid_t pid) {
  std::string path = PathIn(ReadOr("/proc/" + (pid == 0 ? std::string("self") : std::to_string(pid)) + "/cgroup"));
  // Of one that has been removed, with a process that is a zombie.
  if (EndsWith(path, " (deleted)")) path.clear();
  return path;
}

Result<Group> Group::Make(std::string path) {
  Group group(std::move(path));
  for (bool again = false;; again = true) {
    if (::mkdir(group.Folder().c_str(), 0755) == 0) return group;
    if (errno != EEXIST || again) return Error::Sys(errno, "make control group", group.Folder());
    TRY(group.Remove());
  }
}

Result<sys::Fd> Group::Open() const { return sys::Open(Folder(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW); }

Status Group::Add(pid_t process) const { return Write(File("cgroup.procs"), std::to_string(process)); }

std::vector<std::string> Group::Controllers() const {
  const std::string text = ReadOr(File("cgroup.controllers"));
  const std::string_view names = Trim(text);
  return names.empty() ? std::vector<std::string>() : Split(names, ' ');
}

void Group::Enable(const std::vector<std::string>& controllers) const {
  const std::vector<std::string> there = Controllers();
  const std::string enabled = " " + ReadOr(File("cgroup.subtree_control")) + " ";
  for (const std::string& name : controllers) {
    if (std::find(there.begin(), there.end(), name) == there.end()) continue;
    if ((" " + std::string(Trim(enabled)) + " ").find(" " + name + " ") != std::string::npos) continue;
    // One at a time: what can't be had (EBUSY: the group has processes of its own) keeps no other away.
    static_cast<void>(Write(File("cgroup.subtree_control"), "+" + name).ok());
  }
}

Result<std::vector<Setting>> Group::Apply(const std::vector<Setting>& settings) const {
  std::vector<Setting> unmet;
  for (const Setting& setting : settings) {
    Status written = Write(File(setting.file.c_str()), setting.value);
    if (written.ok()) continue;
    const int err = written.error().sys_errno();
    // EOPNOTSUPP: a weight that the device's scheduler does not know.
    if (err == ENOENT || err == EACCES || err == EPERM || err == EOPNOTSUPP) {
      unmet.push_back(setting);
      continue;
    }
    if (setting.option.empty()) continue;
    return std::move(written).error().As(Code::kInvalidArgument).Wrap(setting.option);
  }
  return unmet;
}

Status Group::Freeze(bool frozen) const {
  constexpr int64_t kMostMillis = 5000;
  Status written = Write(File("cgroup.freeze"), frozen ? "1" : "0");
  if (!written.ok()) return written.error().sys_errno() == ENOENT ? std::move(written).error().As(Code::kNotFound) : std::move(written).error();
  if (AwaitEvent(File("cgroup.events"), "frozen", frozen ? 1 : 0, kMostMillis)) return Ok();
  if (frozen) static_cast<void>(Write(File("cgroup.freeze"), "0").ok());
  return Error(Code::kBusy, std::string("the control group ") + path_ + " does not " + (frozen ? "freeze" : "thaw"));
}

bool Group::Kill() const { return Write(File("cgroup.kill"), "1").ok(); }

bool Group::IsPopulated() const { return ValueOf(ReadOr(File("cgroup.events")), "populated").value_or(0) != 0; }

int64_t Group::OomKills() const { return ValueOf(ReadOr(File("memory.events")), "oom_kill").value_or(0); }

Status Group::Remove() const {
  constexpr int64_t kMostMillis = 1000;
  if (IsPopulated()) {
    Kill();
    AwaitEvent(File("cgroup.events"), "populated", 0, kMostMillis);
  }
  return RemoveFolders(AT_FDCWD, Folder());
}

}  // namespace ctool::cgroup
