// SPDX-License-Identifier: Apache-2.0
//
// Control groups of version 2, by paths below /sys/fs/cgroup as /proc/PID/cgroup has them: "/user.slice/x".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cgroup/limits.hpp"
#include "sys/fd.hpp"

namespace ctool::cgroup {

inline constexpr char kMount[] = "/sys/fs/cgroup";

// The path in the text of /proc/PID/cgroup ("0::/user.slice/..."); "" for version 1, and for a group outside of what
// we see.
std::string PathIn(std::string_view text);
// The group of a process; "" when it is gone or has none.
std::string GroupOf(pid_t pid);

// A group of our own: a container's. What it holds by name may be gone at any time (somebody stops systemd's unit).
class Group {
 public:
  explicit Group(std::string path) : path_(std::move(path)) {}

  // mkdir. One of this name that is left from before is ended and made anew.
  static Result<Group> Make(std::string path);

  const std::string& path() const { return path_; }
  std::string Folder() const { return kMount + path_; }
  std::string File(const char* name) const { return Folder() + "/" + name; }

  // For CLONE_INTO_CGROUP.
  Result<sys::Fd> Open() const;
  Status Add(pid_t process) const;
  std::vector<std::string> Controllers() const;
  // Lets groups below have these controllers, as far as this one has them itself; what it can't give it leaves out.
  void Enable(const std::vector<std::string>& controllers) const;

  // Writes the settings. Returns those that the kernel, or who has delegated the group, does not offer. kInvalidArgument
  // for a value that the kernel does not take.
  Result<std::vector<Setting>> Apply(const std::vector<Setting>& settings) const;

  // Returns when every process stands still, or goes on. kBusy: not within five seconds; it goes on then. kNotFound: the
  // group is gone.
  Status Freeze(bool frozen) const;
  // SIGKILL to all of it, at one stroke; false where the kernel has no such file (before Linux 5.14) or the group is gone.
  bool Kill() const;
  bool IsPopulated() const;
  // How often the kernel has killed a process of it for want of memory.
  int64_t OomKills() const;

  // Kills what is in it, waits for that (a second at most), and removes it with the groups below. No error when it is gone.
  Status Remove() const;

 private:
  std::string path_;
};

// The number behind a word in a file of "word number" lines; nothing when it is not there.
std::optional<int64_t> ValueOf(std::string_view text, std::string_view word);

}  // namespace ctool::cgroup
