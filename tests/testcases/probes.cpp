// SPDX-License-Identifier: Apache-2.0
// What a default container answers to operations that it must refuse, and to some that it must
// allow. One line an operation: NAME and "ok" or the name of the errno. Newer calls go
// by their number, which is the same on every architecture that came after them.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <utility>

namespace {

void Report(const char* name, long result) {
  std::printf("%s %s\n", name, result >= 0 ? "ok" : strerrorname_np(errno));
}

// In a child, so that what succeeds does no harm to the probes after it.
template <class Body>
void Forked(const char* name, Body body) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    const long result = body();
    ::_exit(result >= 0 ? 0 : errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) {
    std::printf("%s killed:%d\n", name, WTERMSIG(status));
  } else {
    std::printf("%s %s\n", name,
                WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status)));
  }
}

void Raw(const char* name, long number, long a = 0, long b = 0, long c = 0, long d = 0,
         long e = 0) {
  Forked(name, [=] { return ::syscall(number, a, b, c, d, e); });
}

long P(const void* pointer) { return reinterpret_cast<long>(pointer); }

// Calls through the 32-bit entry, which has its own numbers and its own filter.
long Int80(long number, long a, long b, long c) {
#if defined(__x86_64__)
  long result = 0;
  asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8",
               "r9", "r10", "r11");
  if (result < 0) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
#else
  static_cast<void>(number + a + b + c);
  errno = ENOSYS;
  return -1;
#endif
}

void Mounts() {
  Forked("mount-tmpfs", [] { return ::mount("none", "/tmp", "tmpfs", 0, nullptr); });
  Forked("mount-proc", [] { return ::mount("none", "/proc", "proc", 0, nullptr); });
  Forked("mount-bind", [] { return ::mount("/", "/tmp", nullptr, MS_BIND, nullptr); });
  Forked("remount-root", [] {
    return ::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr);
  });
  Forked("remount-sys-rw", [] {
    return ::mount(nullptr, "/sys", nullptr, MS_REMOUNT | MS_BIND, nullptr);
  });
  Forked("make-root-shared", [] {
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr);
  });
  Forked("umount-proc-sys", [] { return ::umount2("/proc/sys", MNT_DETACH); });
  Forked("umount-proc-keys", [] { return ::umount2("/proc/keys", MNT_DETACH); });
  Forked("umount-sys", [] { return ::umount2("/sys", MNT_DETACH); });
  Raw("pivot_root", SYS_pivot_root, P("/"), P("/"));
  Raw("fsopen", 430, P("tmpfs"), 0);
  Raw("open_tree-clone", 428, AT_FDCWD, P("/"), 1);
  Raw("mount_setattr", 442, AT_FDCWD, P("/"), 0, 0, 0);
  Forked("setns-init-mnt", [] {
    return ::setns(::open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC), CLONE_NEWNS);
  });
  Forked("unshare-mnt", [] { return ::unshare(CLONE_NEWNS); });
  Forked("unshare-pid", [] { return ::unshare(CLONE_NEWPID); });
  Forked("unshare-net", [] { return ::unshare(CLONE_NEWNET); });
  // The masks over /proc must also keep a nested namespace from getting a fresh, whole one.
  Forked("nested-proc", []() -> long {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) != 0) return -1;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::mount("none", "/tmp", "proc", 0, nullptr) == 0 ? 0 : errno);
    int status = 0;
    ::waitpid(child, &status, 0);
    errno = WEXITSTATUS(status);
    return errno == 0 ? 0 : -1;
  });
  Forked("nested-umount-mask", []() -> long {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return -1;
    return ::umount2("/proc/sys", MNT_DETACH);
  });
}

void Kernel() {
  char bytes[256] = {};
  Raw("bpf", SYS_bpf, 5, P(bytes), 48);
  Raw("perf_event_open", SYS_perf_event_open, P(bytes), 0, -1, -1, 0);
  Raw("userfaultfd", SYS_userfaultfd, 1);
  Raw("io_uring_setup", 425, 1, P(bytes));
  Raw("add_key", SYS_add_key, P("user"), P("k"), P("v"), 1, -2);
  Raw("request_key", SYS_request_key, P("user"), P("k"), 0, 0);
  Raw("kexec_load", SYS_kexec_load, 0, 0, 0, 0);
  Raw("kexec_file_load", SYS_kexec_file_load, -1, -1, 0, 0, 0);
  Raw("init_module", SYS_init_module, P(bytes), 1, P(""));
  Raw("finit_module", SYS_finit_module, 0, P(""), 0);
  Raw("delete_module", SYS_delete_module, P("nosuch"), 0);
  Raw("open_by_handle_at", SYS_open_by_handle_at, AT_FDCWD, P(bytes), 0);
  Raw("kcmp", SYS_kcmp, 1, 1, 0, 0, 0);
  Raw("fanotify_init", SYS_fanotify_init, 4, 0);
  Raw("syslog", SYS_syslog, 3, P(bytes), 10);
  Raw("swapon", SYS_swapon, P("/nosuch"), 0);
  Raw("swapoff", SYS_swapoff, P("/nosuch"));
  Raw("reboot", SYS_reboot, 1, 2, 3);
  Forked("settimeofday", [] {
    const timeval now = {1, 0};
    return ::settimeofday(&now, nullptr);
  });
  Raw("acct", SYS_acct, P("/nosuch"));
  Raw("quotactl", SYS_quotactl, 0, 0, 0, 0);
#if defined(__x86_64__)
  Raw("iopl", SYS_iopl, 3);
  Raw("ioperm", SYS_ioperm, 0, 1, 1);
#endif
  Raw("sethostname", SYS_sethostname, P("x"), 1);
  Raw("setdomainname", SYS_setdomainname, P("x"), 1);
  Raw("vhangup", SYS_vhangup);
  Raw("move_pages", SYS_move_pages, 0, 0, 0, 0, 0);
  Raw("migrate_pages", SYS_migrate_pages, 0, 0, 0, 0);
  Raw("lookup_dcookie", SYS_lookup_dcookie, 0, P(bytes), 10);
  Raw("personality-no-random", SYS_personality, 0x0040000);
  Raw("unknown-syscall", 999);
#if defined(__x86_64__)
  Forked("i386-bpf", [] { return Int80(357, 0, 0, 0); });
  Forked("i386-umount", [] { return Int80(22, P("/proc"), 0, 0); });
  Forked("i386-socket-vsock", [] { return Int80(359, 40, 1, 0); });
  Raw("x32-bpf", 0x40000000 + 321, 0, 0, 0);
#endif
}

void Sockets() {
  Raw("socket-vsock", SYS_socket, 40, SOCK_STREAM, 0);
  Raw("socket-alg", SYS_socket, 38, SOCK_SEQPACKET, 0);
  Raw("socket-packet", SYS_socket, AF_PACKET, SOCK_RAW, 0);
  Raw("socket-raw-icmp", SYS_socket, AF_INET, SOCK_RAW, 1);
}

void Files() {
  Forked("mknod-mem", [] { return ::mknod("/tmp/p-mem", S_IFCHR | 0600, makedev(1, 1)); });
  Forked("mknod-disk", [] { return ::mknod("/tmp/p-sda", S_IFBLK | 0600, makedev(8, 0)); });
  for (const char* device : {"/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/net/tun", "/dev/kvm",
                             "/dev/vda", "/dev/sda", "/dev/loop-control"}) {
    Report(device, ::open(device, O_RDONLY | O_CLOEXEC));
  }
  for (const char* file :
       {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches",
        "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/proc/irq/0/smp_affinity",
        "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/sys/power/state"}) {
    Report(file, ::open(file, O_WRONLY | O_CLOEXEC));
  }
  Forked("mkdir-cgroup", [] { return ::mkdir("/sys/fs/cgroup/probe", 0755); });
  Forked("write-own-exe", [] { return ::open("/proc/1/exe", O_WRONLY | O_CLOEXEC); });
  Forked("xattr-trusted", [] {
    ::close(::open("/tmp/p-x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    return ::setxattr("/tmp/p-x", "trusted.overlay.opaque", "y", 1, 0);
  });
  struct stat here = {}, above = {};
  ::stat("/", &here);
  ::stat("/..", &above);
  errno = EXDEV;
  Report("dotdot-is-root", here.st_ino == above.st_ino && here.st_dev == above.st_dev ? 0 : -1);
}

void Rights() {
  const std::pair<const char*, unsigned> added[] = {{"capset-sys_admin", CAP_SYS_ADMIN},
                                                    {"capset-net_admin", CAP_NET_ADMIN},
                                                    {"capset-sys_ptrace", CAP_SYS_PTRACE}};
  for (const auto& entry : added) {
    const unsigned capability = entry.second;
    Forked(entry.first, [capability] {
      __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
      __user_cap_data_struct data[2] = {};
      if (::syscall(SYS_capget, &header, data) != 0) return -1L;
      data[CAP_TO_INDEX(capability)].permitted |= CAP_TO_MASK(capability);
      return ::syscall(SYS_capset, &header, data);
    });
  }
  Forked("ambient-net_raw", [] {
    return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0);
  });
  Forked("sched-fifo", [] {
    const sched_param parameters = {1};
    return ::sched_setscheduler(0, SCHED_FIFO, &parameters);
  });
  Forked("raise-nofile", [] {
    rlimit limit = {};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = ++limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit);
  });
  char nothing = ' ';
  Forked("tiocsti", [&] { return ::ioctl(0, TIOCSTI, &nothing); });
  Forked("tiocsti-high-bits", [&] {
    return ::syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, &nothing);
  });
  Forked("tioclinux", [&] {
    char sub = 2;
    return ::ioctl(0, TIOCLINUX, &sub);
  });
}

void Allowed() {
  Forked("may-memfd", [] { return ::memfd_create("x", MFD_CLOEXEC); });
  Forked("may-chroot", [] { return ::chroot("/tmp"); });
  Forked("may-setuid", [] { return ::setgid(1) == 0 ? ::setuid(1) : -1; });
  Forked("may-unshare-user", [] { return ::unshare(CLONE_NEWUSER); });
  Forked("may-ptrace-child", []() -> long {
    const pid_t child = ::fork();
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
    const long result = ::ptrace(PTRACE_ATTACH, child, nullptr, nullptr);
    const int error = errno;
    ::kill(child, SIGKILL);
    errno = error;
    return result;
  });
  Forked("may-seccomp", [] { return ::prctl(PR_GET_SECCOMP) == 2 ? 0 : -1; });
  Forked("may-landlock", [] { return ::syscall(444, 0, 0, 1U); });
}

}  // namespace

int main() {
  Mounts();
  Kernel();
  Sockets();
  Files();
  Rights();
  Allowed();
  return 0;
}
