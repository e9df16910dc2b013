// SPDX-License-Identifier: Apache-2.0
//
// Names of system calls to numbers. The tables are libseccomp's; beside them stand the calls that
// are younger than the libseccomp we may be linked with, and numbers that it hides.
#include <linux/audit.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.hpp"
#include "seccomp/seccomp_internal.hpp"

namespace ctool::seccomp {
namespace {

#if defined(__x86_64__)
constexpr std::array kFamily{
    Arch{"SCMP_ARCH_X86_64", "amd64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0},
    Arch{"SCMP_ARCH_X86", "x86", SCMP_ARCH_X86, AUDIT_ARCH_I386, 0},
    Arch{"SCMP_ARCH_X32", "x32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, 0x40000000}};
#elif defined(__aarch64__)
constexpr std::array kFamily{
    Arch{"SCMP_ARCH_AARCH64", "arm64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 0},
    Arch{"SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, 0}};
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::array kFamily{
    Arch{"SCMP_ARCH_RISCV64", "riscv64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64, 0}};
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
constexpr std::array kFamily{
    Arch{"SCMP_ARCH_PPC64LE", "ppc64le", SCMP_ARCH_PPC64LE, AUDIT_ARCH_PPC64LE, 0}};
#elif defined(__s390x__)
constexpr std::array kFamily{Arch{"SCMP_ARCH_S390X", "s390x", SCMP_ARCH_S390X, AUDIT_ARCH_S390X, 0},
                             Arch{"SCMP_ARCH_S390", "s390", SCMP_ARCH_S390, AUDIT_ARCH_S390, 0}};
#elif defined(__i386__)
constexpr std::array kFamily{Arch{"SCMP_ARCH_X86", "x86", SCMP_ARCH_X86, AUDIT_ARCH_I386, 0}};
#elif defined(__arm__)
constexpr std::array kFamily{Arch{"SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, 0}};
#else
#error "teach this file the architecture"
#endif

struct Numbered {
  const char* name;
  uint32_t number;
};

// From 403 on a call has the same number on every architecture we know (Linux 5.1).
constexpr std::array kYoung{Numbered{"cachestat", 451},         Numbered{"fchmodat2", 452},
                            Numbered{"map_shadow_stack", 453},  Numbered{"futex_wake", 454},
                            Numbered{"futex_wait", 455},        Numbered{"futex_requeue", 456},
                            Numbered{"statmount", 457},         Numbered{"listmount", 458},
                            Numbered{"lsm_get_self_attr", 459}, Numbered{"lsm_set_self_attr", 460},
                            Numbered{"lsm_list_modules", 461},  Numbered{"mseal", 462},
                            Numbered{"setxattrat", 463},        Numbered{"getxattrat", 464},
                            Numbered{"listxattrat", 465},       Numbered{"removexattrat", 466},
                            Numbered{"open_tree_attr", 467},    Numbered{"file_getattr", 468},
                            Numbered{"file_setattr", 469},      Numbered{"listns", 470}};

// The entries beside socketcall(2) and ipc(2) on x86 (Linux 4.3, 5.1) and s390. libseccomp gives
// out a pseudo number for these names, to cover both entries with one rule.
constexpr std::array kBesideMultiplexer{
    Numbered{"socket", 359},      Numbered{"socketpair", 360}, Numbered{"bind", 361},
    Numbered{"connect", 362},     Numbered{"listen", 363},     Numbered{"accept4", 364},
    Numbered{"getsockopt", 365},  Numbered{"setsockopt", 366}, Numbered{"getsockname", 367},
    Numbered{"getpeername", 368}, Numbered{"sendto", 369},     Numbered{"sendmsg", 370},
    Numbered{"recvfrom", 371},    Numbered{"recvmsg", 372},    Numbered{"shutdown", 373},
    Numbered{"semget", 393},      Numbered{"semctl", 394},     Numbered{"shmget", 395},
    Numbered{"shmctl", 396},      Numbered{"shmat", 397},      Numbered{"shmdt", 398},
    Numbered{"msgget", 399},      Numbered{"msgsnd", 400},     Numbered{"msgrcv", 401},
    Numbered{"msgctl", 402}};

template <class Array>
std::optional<uint32_t> In(const Array& list, const std::string& name) {
  const auto* found =
      std::find_if(list.begin(), list.end(), [&name](const Numbered& n) { return name == n.name; });
  return found == list.end() ? std::nullopt : std::optional<uint32_t>(found->number);
}

}  // namespace

std::span<const Arch> NativeFamily() { return kFamily; }

std::optional<uint32_t> NumberOf(const Arch& arch, const std::string& name) {
  const int number = ::seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
  if (number >= 0) return static_cast<uint32_t>(number);  // x32's bit is in it already
  std::optional<uint32_t> own;
  if (number == __NR_SCMP_ERROR) {
    own = In(kYoung, name);
  } else if (arch.token == SCMP_ARCH_X86 || arch.token == SCMP_ARCH_S390 ||
             arch.token == SCMP_ARCH_S390X) {
    own = In(kBesideMultiplexer, name);
  }
  if (own) *own |= arch.number_bit;
  return own;
}

std::optional<std::string> NameOf(const Arch& arch, uint32_t number) {
  const uint32_t bare = number & ~arch.number_bit;
  std::optional<std::string> name;
  char* known = ::seccomp_syscall_resolve_num_arch(arch.token, static_cast<int>(number));
  if (known != nullptr) name = known;
  ::free(known);  // NOLINT: libseccomp's, from malloc
  for (const Numbered& own : kYoung)
    if (!name && own.number == bare) name = own.name;
  for (const Numbered& own : kBesideMultiplexer)
    if (!name && own.number == bare) name = own.name;
  // What stands for several entries at once, or is no call of this architecture, is no number's name.
  if (name && NumberOf(arch, *name) != number) return std::nullopt;
  return name;
}

std::string BareCapability(std::string_view name) {
  std::string bare(StartsWith(ToLower(name), "cap_") ? name.substr(4) : name);
  for (char& c : bare)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return bare;
}

}  // namespace ctool::seccomp
