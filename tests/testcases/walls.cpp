// SPDX-License-Identifier: Apache-2.0
// More of what a default container must be refused, beside probes.cpp: second entries to a kernel interface, the files of
// procfs and sysfs, and what others have used to get out. One line a probe, "NAME RESULT": ok or an errno's name; for
// files that are read "empty" or "N bytes"; for what is counted the number.
//   walls [HOST PORT]    with HOST: whether TCP to it works
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

// In a child, so that what succeeds does no harm to the probes after it.
template <class Body>
void Try(const char* name, Body body) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    errno = 0;
    const long result = body();
    ::_exit(result >= 0 ? 0 : errno);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) std::printf("%s killed:%d\n", name, WTERMSIG(status));
  else std::printf("%s %s\n", name, WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status)));
}

long P(const void* pointer) { return reinterpret_cast<long>(pointer); }

// The 32-bit entry, whose pointers are 32 bits too: `low` is memory below 4 GiB.
char* low = nullptr;
long Int80(long number, long a, long b, long c) {
#if defined(__x86_64__)
  long result = 0;
  asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
#else
  static_cast<void>(number + a + b + c);
  errno = ENOSYS;
  return -1;
#endif
}

void SecondEntries() {
  char bytes[256] = {};
  Try("move_mount", [] { return ::syscall(429, AT_FDCWD, "/", AT_FDCWD, "/tmp", 0); });
  Try("fsmount", [] { return ::syscall(432, -1, 0, 0); });
  Try("fspick", [] { return ::syscall(433, AT_FDCWD, "/", 0); });
  Try("mount-sysfs", [] { return ::mount("none", "/tmp", "sysfs", 0, nullptr); });
  Try("mount-cgroup2", [] { return ::mount("none", "/tmp", "cgroup2", 0, nullptr); });
  Try("mount-cgroup1", [] { return ::mount("none", "/tmp", "cgroup", 0, "memory"); });
  Try("unshare-cgroup", [] { return ::unshare(CLONE_NEWCGROUP); });
  Try("unshare-uts", [] { return ::unshare(CLONE_NEWUTS); });
  Try("nested-remount-sys", []() -> long {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return -1;
    return ::mount(nullptr, "/sys", nullptr, MS_REMOUNT | MS_BIND, nullptr);
  });
  Try("nested-sysfs", []() -> long {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) return -1;
    return ::mount("none", "/tmp", "sysfs", 0, nullptr);
  });
  Try("userfaultfd-kernel", [] { return ::syscall(SYS_userfaultfd, 0); });
  Try("process_madvise", [] { return ::syscall(440, -1, nullptr, 0, 0, 0); });
  Try("clock_settime", [] {
    const timespec now = {1, 0};
    return ::clock_settime(CLOCK_REALTIME, &now);
  });
  Try("adjtimex", [] {
    timex set = {};
    set.modes = ADJ_FREQUENCY;
    return ::adjtimex(&set);
  });
  Try("personality-read-implies-exec", [] { return ::syscall(SYS_personality, 0x0400000); });
  Try("name_to_handle-open", [&] { return ::syscall(SYS_open_by_handle_at, ::open("/", O_RDONLY), bytes, O_RDONLY); });
  Try("lsm_set_self_attr", [&] { return ::syscall(460, 100, bytes, 16, 0); });
  Try("session-key", [] { return ::syscall(SYS_keyctl, 10, -3, "user", "ctool-test-walls", 0); });  // KEYCTL_SEARCH, @s
  Try("prctl-mm", [] { return ::prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, 0, 0, 0); });
  Try("leave-seccomp", [] { return ::prctl(PR_SET_SECCOMP, 0, 0, 0, 0); });
  Try("nice-up", [] { return ::setpriority(PRIO_PROCESS, 0, -20); });
  Try("xattr-trusted-other", [] { return ::setxattr("/tmp", "trusted.x", "y", 1, 0); });
  Try("xattr-security", [] { return ::setxattr("/tmp", "security.x", "y", 1, 0); });
  Try("netlink-audit", [] { return ::socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT); });
  Try("open-loop", [] { return ::open("/dev/loop0", O_RDWR); });
#if defined(__x86_64__)
  Try("i386-perf_event_open", [] { return Int80(336, P(low), 0, -1); });
  Try("i386-userfaultfd", [] { return Int80(374, 1, 0, 0); });
  Try("i386-io_uring_setup", [] { return Int80(425, 1, P(low), 0); });
  Try("i386-add_key", [] { return Int80(286, P(low), P(low), P(low)); });
  Try("i386-keyctl", [] { return Int80(288, 0, -3, 0); });
  Try("i386-vm86", [] { return Int80(166, 0, 0, 0); });
  Try("i386-init_module", [] { return Int80(128, P(low), 1, P(low)); });
  Try("i386-kexec_load", [] { return Int80(283, 0, 0, 0); });
  Try("i386-iopl", [] { return Int80(110, 3, 0, 0); });
  Try("i386-stime", [] { return Int80(25, P(low), 0, 0); });
  Try("i386-socket-alg", [] { return Int80(359, 38, 5, 0); });
  Try("x32-bpf-load", [] { return ::syscall(0x40000000 + 321, 5, 0, 0); });
  Try("x32-perf_event_open", [] { return ::syscall(0x40000000 + 298, 0, 0, -1, -1, 0); });
#endif
}

// What a file of the kernel's shows. A refusal is as good as nothing.
void Read(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    std::printf("read:%s %s\n", path, strerrorname_np(errno));
    return;
  }
  char bytes[4096];
  const ssize_t n = ::read(fd, bytes, sizeof bytes);
  const int err = errno;
  ::close(fd);
  if (n > 0) std::printf("read:%s %zd bytes\n", path, n);
  else std::printf("read:%s %s\n", path, n == 0 ? "empty" : strerrorname_np(err));
}

void List(const char* path) {
  DIR* dir = ::opendir(path);
  if (dir == nullptr) {
    std::printf("list:%s %s\n", path, strerrorname_np(errno));
    return;
  }
  int entries = 0;
  while (const dirent* entry = ::readdir(dir))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) ++entries;
  ::closedir(dir);
  if (entries == 0) std::printf("list:%s empty\n", path);
  else std::printf("list:%s %d entries\n", path, entries);
}

// Opening is not enough: what a rootless container may open may still refuse the value.
void Write(const char* path, const char* value) {
  const std::string name = std::string("write:") + path;
  Try(name.c_str(), [=]() -> long {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -1 : ::write(fd, value, std::strlen(value));
  });
}

void Files() {
  for (const char* device :
       {"/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vda", "/dev/sda", "/dev/nvme0n1",
        "/dev/loop0", "/dev/loop-control", "/dev/mapper/control", "/dev/vhost-net", "/dev/vhost-vsock", "/dev/snd", "/dev/dri", "/dev/cpu/0/msr",
        "/dev/uinput", "/dev/input", "/dev/rtc0", "/dev/hpet", "/dev/btrfs-control", "/dev/userfaultfd", "/dev/vsock", "/dev/autofs"}) {
    struct stat st = {};
    std::printf("device:%s %s\n", device, ::lstat(device, &st) == 0 ? "ok" : strerrorname_np(errno));
  }
  Try("mknod-fuse", [] { return ::mknod("/tmp/w-fuse", S_IFCHR | 0600, makedev(10, 229)); });
  Try("mknod-kvm", [] { return ::mknod("/tmp/w-kvm", S_IFCHR | 0600, makedev(10, 232)); });
  for (const char* file :
       {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/latency_stats", "/proc/interrupts",
        "/proc/kmsg", "/proc/kpagecount", "/proc/kpageflags", "/proc/vmallocinfo", "/proc/slabinfo", "/proc/kpagecgroup", "/dev/kmsg",
        "/proc/1/stack"})
    Read(file);
  for (const char* folder :
       {"/proc/acpi", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap", "/sys/fs/selinux", "/sys/kernel/debug", "/sys/kernel/tracing",
        "/sys/kernel/security", "/sys/fs/bpf", "/sys/dev/block", "/sys/fs/pstore", "/sys/kernel/config", "/sys/fs/fuse/connections"})
    List(folder);
  const char* const writes[][2] = {{"/proc/sys/kernel/core_pattern", "|/tmp/x"},
                                   {"/proc/sys/kernel/modprobe", "/tmp/x"},
                                   {"/proc/sys/kernel/hostname", "x"},
                                   {"/proc/sys/kernel/hotplug", "/tmp/x"},
                                   {"/proc/sys/vm/drop_caches", "1"},
                                   {"/proc/sys/vm/panic_on_oom", "1"},
                                   {"/proc/sys/fs/binfmt_misc/register", ":x:M::x::/tmp/x:"},
                                   {"/proc/sys/net/ipv4/ip_forward", "1"},
                                   {"/proc/sys/user/max_user_namespaces", "1"},
                                   {"/proc/sysrq-trigger", "h"},
                                   {"/proc/self/oom_score_adj", "-999"},
                                   {"/proc/self/uid_map", "0 0 1"},
                                   {"/proc/self/setgroups", "deny"},
                                   {"/proc/irq/default_smp_affinity", "1"},
                                   {"/proc/1/attr/current", "unconfined"},
                                   {"/proc/mtrr", "x"},
                                   {"/proc/bus/pci/00/00.0", "x"},
                                   {"/sys/kernel/uevent_helper", "/tmp/x"},
                                   {"/sys/kernel/mm/transparent_hugepage/enabled", "never"},
                                   {"/sys/power/state", "mem"},
                                   {"/sys/fs/cgroup/cgroup.procs", "0"},
                                   {"/sys/fs/cgroup/cgroup.subtree_control", "+pids"},
                                   {"/sys/fs/cgroup/release_agent", "/tmp/x"},
                                   {"/sys/class/net/lo/mtu", "100"}};
  for (const auto& w : writes) Write(w[0], w[1]);
  Try("mkdir-in-cgroup", [] { return ::mkdir("/sys/fs/cgroup/w", 0755); });
  Try("overwrite-own-binary", [] { return ::open("/proc/self/exe", O_WRONLY | O_CLOEXEC); });
}

// What somebody would leave open for us, or hand on.
void Inherited() {
  int open = 0;
  for (int fd = 3; fd < 1024; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) ++open;
  std::printf("descriptors %d\n", open);
  std::printf("dumpable %d\n", ::prctl(PR_GET_DUMPABLE));
  std::printf("securebits %d\n", ::prctl(PR_GET_SECUREBITS));
  int signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &signal);
  std::printf("death-signal %d\n", signal);
  std::printf("parent %d\n", static_cast<int>(::getppid()));
  char cwd[4096];
  std::printf("cwd %s\n", ::syscall(SYS_getcwd, cwd, sizeof cwd) > 0 && cwd[0] == '/' ? "inside" : "outside");
  int processes = 0;
  if (DIR* proc = ::opendir("/proc"); proc != nullptr) {
    while (const dirent* entry = ::readdir(proc)) processes += std::atoi(entry->d_name) > 0 ? 1 : 0;
    ::closedir(proc);
  }
  std::printf("processes %d\n", processes);
}

// A listener of the host's abstract socket, as containerd's shim once had (CVE-2020-15257).
void Abstract(const char* name) {
  Try("abstract-socket", [=]() -> long {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path + 1, name, sizeof address.sun_path - 2);
    return ::connect(fd, reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + std::strlen(name)));
  });
}

void Tcp(const char* host, const char* port) {
  const std::string name = std::string("tcp:") + host;
  Try(name.c_str(), [=]() -> long {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
    ::inet_pton(AF_INET, host, &address.sin_addr);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return 0;
    if (errno != EINPROGRESS) return -1;
    pollfd polled = {fd, POLLOUT, 0};
    if (::poll(&polled, 1, 3000) <= 0) return errno = ETIMEDOUT, -1;
    socklen_t size = sizeof errno;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &size);
    return errno == 0 ? 0 : -1;
  });
}

// Guards against shutting too much.
void Allowed() {
  Try("may-bind-80", [] {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    return ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  });
  Try("may-netlink", [] { return ::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); });
  Try("may-clone3", [] {
    uint64_t args[11] = {};
    args[4] = SIGCHLD;
    const long pid = ::syscall(435, args, 64);
    if (pid == 0) ::_exit(0);
    return pid;
  });
  Try("may-exec-memfd", []() -> long {
    const int fd = ::memfd_create("x", 0);
    const int self = ::open("/proc/self/exe", O_RDONLY);
    char buffer[65536];
    for (ssize_t n; (n = ::read(self, buffer, sizeof buffer)) > 0;)
      if (::write(fd, buffer, static_cast<size_t>(n)) != n) return -1;
    char* const argv[] = {const_cast<char*>("x"), const_cast<char*>("--nothing"), nullptr};
    return ::syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
  });
  Try("may-mseal", [] { return ::syscall(462, 0, 0, 0); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--nothing") == 0) return 0;
  low = static_cast<char*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
  if (argc > 3) {
    Abstract(argv[1]);
    for (int i = 3; i < argc; ++i) Tcp(argv[i], argv[2]);
    return 0;
  }
  SecondEntries();
  Files();
  Inherited();
  Allowed();
  return 0;
}
