// SPDX-License-Identifier: Apache-2.0
//
// deny ERRNO CALL[,CALL...] PROGRAM [ARG...]: executes the program under a seccomp filter that fails these calls with
// this errno (EPERM, ENOSYS), as sandboxes around a container tool do. "userns" stands for clone and unshare of a user
// namespace alone. Root installs it without no_new_privs, so that newuidmap below it works.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr std::pair<const char*, unsigned> kCalls[] = {
    {"openat2", SYS_openat2},       {"clone3", SYS_clone3},
    {"fsopen", SYS_fsopen},         {"fsmount", SYS_fsmount},
    {"fsconfig", SYS_fsconfig},     {"open_tree", SYS_open_tree},
    {"move_mount", SYS_move_mount}, {"mount_setattr", SYS_mount_setattr},
    {"mount", SYS_mount},           {"pivot_root", SYS_pivot_root},
    {"pidfd_open", SYS_pidfd_open}, {"pidfd_send_signal", SYS_pidfd_send_signal},
    {"close_range", SYS_close_range}, {"memfd_create", SYS_memfd_create},
    {"statx", SYS_statx},           {"faccessat2", SYS_faccessat2},
    {"copy_file_range", SYS_copy_file_range}, {"inotify_init1", SYS_inotify_init1},
    {"io_uring_setup", SYS_io_uring_setup}, {"setns", SYS_setns},
    {"sethostname", SYS_sethostname}, {"keyctl", SYS_keyctl}, {"seccomp", SYS_seccomp}, {"unshare", SYS_unshare},
    {"execveat", SYS_execveat}, {"mknodat", SYS_mknodat}, {"signalfd4", SYS_signalfd4}, {"add_key", SYS_add_key},
    {"syncfs", SYS_syncfs}, {"flock", SYS_flock}, {"umount2", SYS_umount2}, {"setxattr", SYS_setxattr}, {"lsetxattr", SYS_lsetxattr}, {"fsetxattr", SYS_fsetxattr},
    {"renameat2", SYS_renameat2}, {"prlimit64", SYS_prlimit64}, {"landlock_create_ruleset", SYS_landlock_create_ruleset},
};

using Filter = std::vector<sock_filter>;

void Load(Filter& filter, size_t offset) { filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset))); }

void Deny(Filter& filter, unsigned call, unsigned verdict) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, verdict));
}

// Only with CLONE_NEWUSER in the first argument.
void DenyUserNamespace(Filter& filter, unsigned call, unsigned verdict) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4));
  Load(filter, offsetof(seccomp_data, args));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, verdict));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

bool Add(Filter& filter, const std::string& name, unsigned verdict) {
  if (name == "userns") {
    DenyUserNamespace(filter, SYS_clone, verdict);
    DenyUserNamespace(filter, SYS_unshare, verdict);
    Deny(filter, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);  // its flags are behind a pointer
    return true;
  }
  for (const auto& [known, call] : kCalls)
    if (name == known) return Deny(filter, call, verdict), true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return std::fputs("deny ERRNO CALL[,CALL...] PROGRAM [ARG...]\n", stderr), 2;
  const unsigned err = std::strcmp(argv[1], "EPERM") == 0 ? EPERM : std::strcmp(argv[1], "EACCES") == 0 ? EACCES : ENOSYS;
  Filter filter;
  Load(filter, offsetof(seccomp_data, nr));
  for (const char* name = std::strtok(argv[2], ","); name != nullptr; name = std::strtok(nullptr, ","))
    if (!Add(filter, name, SECCOMP_RET_ERRNO | err)) return std::fprintf(stderr, "deny: what is %s?\n", name), 2;
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 &&
      (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0))
    return std::perror("deny: seccomp"), 2;
  execvp(argv[3], argv + 3);
  return std::perror(argv[3]), 127;
}
