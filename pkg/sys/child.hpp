// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

struct ExitStatus {
  int code = 0;    // as a shell has it: 128 + signal when killed
  int signal = 0;  // 0 when the process exited by itself
  bool ok() const { return code == 0; }
  std::string Describe() const;  // "exited with status 3", "killed by signal 9"
};

// A child process held by its pidfd: dies with its owner unless detached.
class [[nodiscard]] Child {
 public:
  // clone3 with fork semantics plus `namespaces` (CLONE_NEW*); in the child in_child() is true.
  // The caller must be single threaded. `cgroup_fd` >= 0: CLONE_INTO_CGROUP.
  static Result<Child> Clone(uint64_t namespaces, int cgroup_fd = -1);

  // One that a child of ours made for us (CLONE_PARENT), with its pidfd.
  static Child Adopt(pid_t pid, Fd pidfd) { return Child(pid, std::move(pidfd)); }

  Child(Child&& o) noexcept : pid_(std::exchange(o.pid_, -1)), pidfd_(std::move(o.pidfd_)) {}
  Child& operator=(Child&& o) noexcept;
  ~Child();  // SIGKILL and reap, unless waited for or detached

  bool in_child() const { return pid_ == 0; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }

  Result<ExitStatus> Wait();
  Status Signal(int sig);
  pid_t Detach() &&;  // the only way to let it outlive us

 private:
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_ = -1;
  Fd pidfd_;
};

struct SpawnOptions {
  std::vector<std::string> argv;          // argv[0] is the program: an absolute path
  std::vector<std::string> env;           // "K=V"; the whole environment
  std::vector<std::pair<int, int>> fds;   // {our descriptor, its number in the child}
  int exec_fd = -1;                       // execveat this descriptor instead of argv[0]
  bool new_session = false;               // setsid, as a monitor needs
  bool die_with_parent = true;            // PR_SET_PDEATHSIG SIGKILL
  // false: a copy of this process executes the program while we go on, which is worth its price only when there is
  // something to do at once. A failed exec is then exit status 127, with its reason on the child's stderr.
  bool await_exec = true;
  // A user namespace that the child joins before it asks for the death signal, which the joining would clear. Only with
  // await_exec = false: it makes the memory undumpable, which would be ours.
  int user_namespace = -1;
  int folder = -1;  // a descriptor of its working directory
};
// Starts a program and returns once it is executed; works from a process with threads. The child
// starts with default signal dispositions and an empty mask, stdin/out/err from /dev/null unless
// `fds` names them, and no other descriptor. A failed exec is the returned error, with its errno.
Result<Child> Spawn(const SpawnOptions& options);

struct Captured {
  ExitStatus status;
  std::string out, err;  // at most 64 KiB each, the rest is dropped
};
// Runs a helper program to its end; stdin is /dev/null.
Result<Captured> RunCaptured(SpawnOptions options);

// Path of a program: `name` itself when it holds a slash, else the first hit in the colon-separated
// `path`; kNotFound otherwise.
Result<std::string> FindProgram(const std::string& name, const std::string& path);
// $PATH with the administrators' directories added: newuidmap and slirp4netns may live there.
std::string ProgramPath();

}  // namespace ctool::sys
