// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "seccomp/seccomp_internal.hpp"
#include "simulate.hpp"
#include "sys/file.hpp"

namespace ctool::seccomp {
namespace {

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW, kKillProcess = SECCOMP_RET_KILL_PROCESS;
constexpr uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM, kEnosys = SECCOMP_RET_ERRNO | ENOSYS;

const Arch& Native() { return NativeFamily().front(); }
uint32_t Ask(const std::string& program, const std::string& call, Args args = {}) {
  const std::optional<uint32_t> number = NumberOf(Native(), call);
  if (!number) ADD_FAILURE() << "no call " << call;
  return Simulate(program, Native().audit, number.value_or(0), args);
}
std::string Rules(const std::string& rules, const std::string& action = "SCMP_ACT_ALLOW") {
  return R"({"defaultAction":")" + action + R"(","syscalls":[)" + rules + "]}";
}
// One rule: `calls` is a list in JSON.
std::string Rule1(const std::string& calls, const std::string& action,
                  const std::string& more = "") {
  return R"({"names":[)" + calls + R"(],"action":"SCMP_ACT_)" + action + "\"" + more + "}";
}
std::string Arg(const std::string& op, uint64_t value, uint64_t two = 0, int index = 0) {
  return R"({"index":)" + std::to_string(index) + R"(,"value":)" + std::to_string(value) +
         R"(,"valueTwo":)" + std::to_string(two) + R"(,"op":"SCMP_CMP_)" + op + "\"}";
}
std::string Args1(const std::string& args) { return R"(,"args":[)" + args + "]"; }

TEST(Compile, EveryOperatorAtEveryEdge) {
  const std::vector<uint64_t> edges = {0,
                                       1,
                                       2,
                                       0x7fffffff,
                                       0x80000000,
                                       0xfffffffe,
                                       0xffffffff,
                                       0x100000000,
                                       0x100000001,
                                       0x1ffffffff,
                                       0x200000000,
                                       0x7fffffffffffffff,
                                       0x8000000000000000,
                                       UINT64_MAX - 1,
                                       UINT64_MAX};
  const std::vector<std::pair<std::string, bool (*)(uint64_t, uint64_t)>> ops = {
      {"NE", [](uint64_t a, uint64_t b) { return a != b; }},
      {"LT", [](uint64_t a, uint64_t b) { return a < b; }},
      {"LE", [](uint64_t a, uint64_t b) { return a <= b; }},
      {"EQ", [](uint64_t a, uint64_t b) { return a == b; }},
      {"GE", [](uint64_t a, uint64_t b) { return a >= b; }},
      {"GT", [](uint64_t a, uint64_t b) { return a > b; }}};
  for (const auto& [name, holds] : ops) {
    for (const uint64_t value : edges) {
      const std::string program =
          MustCompile(Rules(Rule1("\"read\"", "ERRNO", Args1(Arg(name, value, 0, 3)))));
      for (const uint64_t arg : edges)
        EXPECT_EQ(Ask(program, "read", {9, 9, 9, arg, 9, 9}), holds(arg, value) ? kEperm : kAllow)
            << arg << " " << name << " " << value;
    }
  }
}

TEST(Compile, MaskedEqual) {
  for (const uint64_t mask : {uint64_t{1}, uint64_t{0xffffffff}, uint64_t{0xff00000000}, UINT64_MAX,
                              uint64_t{0x8000000100000001}})
    for (const uint64_t value :
         {uint64_t{0}, mask, mask & 0xffffffff, mask & ~uint64_t{0xffffffff}}) {
      const std::string program =
          MustCompile(Rules(Rule1("\"read\"", "ERRNO", Args1(Arg("MASKED_EQ", mask, value)))));
      for (const uint64_t arg :
           {uint64_t{0}, value, value | ~mask, ~value, uint64_t{0x100000000}, mask})
        EXPECT_EQ(Ask(program, "read", {arg}), (arg & mask) == value ? kEperm : kAllow)
            << std::hex << arg << " & " << mask << " == " << value;
    }
}

TEST(Compile, AllConditionsOfARuleMustHold) {
  const std::string program = MustCompile(
      Rules(Rule1("\"socket\"", "ERRNO", Args1(Arg("EQ", 16) + "," + Arg("EQ", 9, 0, 2)))));
  EXPECT_EQ(Ask(program, "socket", {16, 0, 9}), kEperm);
  EXPECT_EQ(Ask(program, "socket", {16, 0, 8}), kAllow);
  EXPECT_EQ(Ask(program, "socket", {15, 0, 9}), kAllow);
}

TEST(Compile, TheMostRestrictiveMatchWinsInAnyOrder) {
  const std::string some = Rule1("\"read\"", "ERRNO", Args1(Arg("EQ", 1)));
  const std::string kill = Rule1("\"read\"", "KILL_PROCESS", Args1(Arg("LT", 3)));
  const std::string all = Rule1("\"read\"", "ALLOW"),
                    none = Rule1("\"read\"", "ERRNO", R"(,"errnoRet":5)");
  const std::string exec = "," + Rule1("\"execve\"", "ALLOW");
  for (const std::string& rules : {some + "," + kill + "," + all, all + "," + some + "," + kill,
                                   kill + "," + all + "," + some}) {
    const std::string program = MustCompile(Rules(rules + exec, "SCMP_ACT_ERRNO"));
    EXPECT_EQ(Ask(program, "read", {1}), kKillProcess);
    EXPECT_EQ(Ask(program, "read", {2}), kKillProcess);
    EXPECT_EQ(Ask(program, "read", {3}), kAllow);
  }
  for (const std::string& rules : {all + "," + none, none + "," + all}) {
    EXPECT_EQ(Ask(MustCompile(Rules(rules)), "read"), SECCOMP_RET_ERRNO | 5u);
    EXPECT_EQ(Ask(MustCompile(Rules(rules + "," + some)), "read", {1}), SECCOMP_RET_ERRNO | 5u);
  }
  EXPECT_EQ(MustCompile(Rules(some + "," + some)), MustCompile(Rules(some)));
}

TEST(Compile, UnknownNamesAreIgnored) {
  const std::string program = MustCompile(Rules(Rule1(R"("no_such_call","read")", "ERRNO")));
  EXPECT_EQ(Ask(program, "read"), kEperm);
  EXPECT_EQ(Ask(program, "write"), kAllow);
}

TEST(Compile, AProfileThatBlocksExecveIsRefused) {
  for (const std::string& json :
       {Rules("", "SCMP_ACT_KILL_PROCESS"), Rules("", "SCMP_ACT_ERRNO"),
        Rules(Rule1(R"("no_such_call","nor_this")", "ALLOW"), "SCMP_ACT_ERRNO"),
        Rules(Rule1("\"execve\"", "TRAP")),
        Rules(Rule1("\"execve\"", "ALLOW") + "," + Rule1("\"execve\"", "KILL"))}) {
    const Result<std::string> program = Compile(*ParseProfile(json), {});
    ASSERT_FALSE(program.ok()) << json;
    EXPECT_NE(program.error().Message().find("blocks execve"), std::string::npos);
  }
  MustCompile(Rules(Rule1("\"execve\"", "LOG"), "SCMP_ACT_ERRNO"));
}

TEST(Compile, TooLargeAProfileIsRefused) {
  std::string rules = Rule1("\"read\"", "ERRNO", Args1(Arg("EQ", 0)));
  for (int i = 1; i < 1000; ++i)
    rules += "," + Rule1("\"read\"", "ERRNO", Args1(Arg("EQ", static_cast<uint64_t>(i))));
  const std::string program = MustCompile(Rules(rules));  // 4 instructions each
  EXPECT_EQ(Ask(program, "read", {999}), kEperm);
  EXPECT_EQ(Ask(program, "read", {1000}), kAllow);
  EXPECT_EQ(Ask(program, "read", {0x100000000}), kAllow);
  for (int i = 1000; i < 1100; ++i)
    rules += "," + Rule1("\"read\"", "ERRNO", Args1(Arg("EQ", static_cast<uint64_t>(i))));
  const Result<std::string> large = Compile(*ParseProfile(Rules(rules)), {});
  ASSERT_FALSE(large.ok());
  EXPECT_NE(large.error().Message().find("too large"), std::string::npos);
}

TEST(Compile, ArchitecturesOtherThanListedAreKilled) {
  const std::string plain = MustCompile(Rules(Rule1("\"read\"", "ERRNO")));
  EXPECT_EQ(Simulate(plain, 0x12345678, 0), kKillProcess);
  for (const Arch& arch : NativeFamily().subspan(1))
    EXPECT_EQ(Simulate(plain, arch.audit, *NumberOf(arch, "write")), kKillProcess) << arch.name;
  EXPECT_EQ(Simulate(plain, Native().audit, UINT32_MAX), kAllow);  // a call skipped by a tracer
}

TEST(Compile, AProfileForAnotherMachineIsRefused) {
  const char* foreign = Native().audit == AUDIT_ARCH_S390X ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_S390X";
  const Result<std::string> program =
      Compile(*ParseProfile(std::string(R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":[")") +
                            foreign + "\"]}"),
              {});
  ASSERT_FALSE(program.ok());
  EXPECT_NE(program.error().Message().find("does not list this machine's architecture"),
            std::string::npos);
}

TEST(Compile, IncludesAndExcludes) {
  const auto with = [](const std::string& condition) {
    return Rules(Rule1("\"read\"", "ERRNO", "," + condition));
  };
  const auto applies = [&with](const std::string& condition, const std::vector<std::string>& caps) {
    return Ask(MustCompile(with(condition), caps), "read") == kEperm;
  };
  const std::string caps = R"("includes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]})";
  EXPECT_TRUE(applies(caps, {"CAP_BPF", "CAP_SYS_ADMIN"}));
  EXPECT_TRUE(applies(caps, {"bpf", "cap_sys_admin"}));
  EXPECT_FALSE(applies(caps, {"CAP_BPF"}));
  const std::string without = R"("excludes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]})";
  EXPECT_TRUE(applies(without, {"CAP_CHOWN"}));
  EXPECT_FALSE(applies(without, {"CAP_BPF"}));
  EXPECT_TRUE(
      applies(std::string(R"("includes":{"arches":["vax",")") + Native().go_name + "\"]}", {}));
  EXPECT_FALSE(applies(R"("includes":{"arches":["vax"]})", {}));
  EXPECT_FALSE(applies(std::string(R"("excludes":{"arches":[")") + Native().go_name + "\"]}", {}));
  EXPECT_TRUE(applies(R"("includes":{"minKernel":"4.8"})", {}));
  EXPECT_FALSE(applies(R"("includes":{"minKernel":"900.0"})", {}));
  EXPECT_FALSE(applies(R"("excludes":{"minKernel":"4.8"})", {}));
}

TEST(Compile, CallsYoungerThanADenyingProfileAnswerEnosys) {
  const std::string list = Rule1(R"("read","execve","openat2")", "ALLOW");
  const std::string eperm = MustCompile(Rules(list, "SCMP_ACT_ERRNO"));
  const uint32_t newest = *NumberOf(Native(), "openat2");
  EXPECT_EQ(Simulate(eperm, Native().audit, newest - 1), kEperm);
  EXPECT_EQ(Simulate(eperm, Native().audit, newest), kAllow);
  EXPECT_EQ(Simulate(eperm, Native().audit, newest + 1), kEnosys);
  const std::string kill = MustCompile(Rules(list, "SCMP_ACT_KILL_PROCESS"));
  EXPECT_EQ(Simulate(kill, Native().audit, newest + 1), kKillProcess);
}

// Our own assembler against libseccomp's, for every number of every architecture.
TEST(Compile, AgreesWithLibseccomp) {
  const std::vector<std::string> eperm = {"bpf",    "ustat",       "sysfs",
                                          "swapon", "userfaultfd", "quotactl"};
  Profile profile = std::move(ParseProfile(DefaultProfileText())).value();
  const std::vector<std::string> allow = profile.rules.at(1).names;
  scmp_filter_ctx ctx = ::seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
  ASSERT_EQ(::seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
  profile.rules.clear();
  profile.architectures.clear();
  for (const Arch& arch : NativeFamily()) {
    profile.architectures.emplace_back(arch.name);
    const bool there = arch.token == Native().token;
    ASSERT_TRUE(there || ::seccomp_arch_add(ctx, arch.token) == 0);
  }
  const auto add = [&](const std::string& name, uint32_t action, uint32_t scmp,
                       const std::vector<ArgCheck>& args,
                       const std::vector<scmp_arg_cmp>& scmp_args) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    // Names behind a multiplexer on one of the architectures mean two entries to libseccomp.
    for (const Arch& arch : NativeFamily()) {
      const int there = ::seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
      if (number < 0 || (there > -1000 && there < 0)) return;
    }
    ASSERT_EQ(::seccomp_rule_add_array(ctx, scmp, number, static_cast<unsigned>(scmp_args.size()),
                                       scmp_args.data()),
              0)
        << name;
    profile.rules.push_back({{name}, action, args, {}, {}});
  };
  for (const std::string& name : allow) add(name, kAllow, SCMP_ACT_ALLOW, {}, {});
  for (const std::string& name : eperm) add(name, kEperm, SCMP_ACT_ERRNO(EPERM), {}, {});
  for (const uint64_t value : {uint64_t{0}, uint64_t{8}, uint64_t{0xffffffff}})
    add("personality", kAllow, SCMP_ACT_ALLOW, {{0, Op::kEqual, value, 0}},
        {{0, SCMP_CMP_EQ, value, 0}});
  add("kcmp", kAllow, SCMP_ACT_ALLOW, {{1, Op::kGreater, 5, 0}, {0, Op::kMaskedEqual, 0xff, 3}},
      {{1, SCMP_CMP_GT, 5, 0}, {0, SCMP_CMP_MASKED_EQ, 0xff, 3}});
  ASSERT_GT(profile.rules.size(), 280u);

  const int fd = ::memfd_create("bpf", MFD_CLOEXEC);
  ASSERT_EQ(::seccomp_export_bpf(ctx, fd), 0);
  ::seccomp_release(ctx);
  ASSERT_EQ(::lseek(fd, 0, SEEK_SET), 0);
  const std::string theirs = std::move(sys::ReadAll(fd, "bpf", 1 << 20)).value();
  ::close(fd);
  const std::string ours = std::move(Compile(profile, {})).value();
  EXPECT_LT(ours.size(), theirs.size());
  std::vector<uint32_t> numbers = {0x3fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, UINT32_MAX};
  for (uint32_t n = 0; n < 1000; ++n) {
    numbers.push_back(n);
    numbers.push_back(0x40000000 | n);
  }
  const std::vector<Args> narrow = {{0, 0}, {8, 6}, {0x103, 6}, {0xffffffff, 5}};
  for (const Arch& arch : NativeFamily()) {
    for (const uint32_t number : numbers) {
      std::vector<Args> all = narrow;
      // libseccomp compares only the low half for x32, although its registers are 64 bits wide.
      if (arch.token == Native().token && number < 0x40000000) all.push_back({0x100000008, 7});
      for (const Args& args : all)
        ASSERT_EQ(Simulate(ours, arch.audit, number, args),
                  Simulate(theirs, arch.audit, number, args))
            << arch.name << " " << number << " " << args[0] << " " << args[1];
    }
  }
  EXPECT_EQ(Simulate(ours, AUDIT_ARCH_S390, 1), Simulate(theirs, AUDIT_ARCH_S390, 1));
}

TEST(DefaultProfile, CapabilitiesOpenTheirCalls) {
  const std::vector<std::pair<std::string, std::string>> gated = {
      {"CAP_DAC_READ_SEARCH", "open_by_handle_at"},
      {"CAP_SYS_ADMIN", "bpf"},
      {"CAP_BPF", "bpf"},
      {"CAP_SYS_ADMIN", "perf_event_open"},
      {"CAP_PERFMON", "perf_event_open"},
      {"CAP_SYS_ADMIN", "quotactl"},
      {"CAP_SYS_ADMIN", "sethostname"},
      {"CAP_SYSLOG", "syslog"},
      {"CAP_SYS_MODULE", "init_module"},
      {"CAP_SYS_PACCT", "acct"},
      {"CAP_SYS_PTRACE", "kcmp"},
      {"CAP_SYS_PTRACE", "process_madvise"},
      {"CAP_SYS_TIME", "clock_settime"},
      {"CAP_SYS_TTY_CONFIG", "vhangup"},
      {"CAP_SYS_CHROOT", "chroot"}};
  const std::string none = MustCompile(DefaultProfileText(), {});
  for (const auto& [cap, call] : gated) {
    EXPECT_EQ(Ask(none, call), kEperm) << call;
    EXPECT_EQ(Ask(MustCompile(DefaultProfileText(), {cap}), call), kAllow) << cap << " " << call;
  }
  EXPECT_EQ(Ask(none, "socket", {16, 3, 9}), SECCOMP_RET_ERRNO | 22u);
  EXPECT_EQ(Ask(MustCompile(DefaultProfileText(), {"CAP_AUDIT_WRITE"}), "socket", {16, 3, 9}),
            kAllow);
}

TEST(DefaultProfile, NoCapabilityOpensTheNeverAllowed) {
  const std::vector<std::string> all = {"CAP_SYS_ADMIN",  "CAP_BPF",        "CAP_PERFMON",
                                        "CAP_SYS_MODULE", "CAP_SYS_RAWIO",  "CAP_SYS_BOOT",
                                        "CAP_SYS_NICE",   "CAP_SYS_PTRACE", "CAP_AUDIT_WRITE"};
  const std::string program = MustCompile(DefaultProfileText(), all);
  for (const char* call : {"add_key", "request_key", "keyctl", "io_uring_setup", "io_uring_enter",
                           "io_uring_register", "userfaultfd", "kexec_load", "kexec_file_load",
                           "move_pages", "migrate_pages", "swapon", "swapoff"})
    EXPECT_NE(Ask(program, call), kAllow) << call;
  EXPECT_EQ(Ask(program, "socket", {38}), kEperm);
  EXPECT_EQ(Ask(program, "socket", {40}), kEperm);
  EXPECT_EQ(Ask(program, "ioctl", {0, 0x5412}), kEperm);
}

#if defined(__x86_64__)
// Every call's fate in words, for review. CTOOL_ACCEPT=1 writes the file anew.
TEST(DefaultProfile, Golden) {
  const std::string program = MustCompile(DefaultProfileText(), kDefaultCaps);
  std::ostringstream out;
  for (const Arch& arch : NativeFamily()) {
    for (uint32_t n = 0; n < 600; ++n) {
      const uint32_t number = n | arch.number_bit;
      const uint32_t answer = Simulate(program, arch.audit, number);
      if (answer == kEnosys) continue;
      char* name = ::seccomp_syscall_resolve_num_arch(arch.token, static_cast<int>(number));
      out << arch.go_name << ' ' << n << ' ' << (name == nullptr ? "-" : name) << ' '
          << (answer == kAllow   ? "ALLOW"
              : answer == kEperm ? "EPERM"
                                 : std::to_string(answer))
          << '\n';
      std::free(name);
    }
  }
  const std::string path = CTOOL_SOURCE_DIR "/tests/data/seccomp/default_profile_amd64.txt";
  if (std::getenv("CTOOL_ACCEPT") != nullptr) std::ofstream(path) << out.str();
  const Result<std::string> golden = sys::ReadFile(path);
  ASSERT_TRUE(golden.ok()) << golden.error().Message();
  EXPECT_EQ(*golden, out.str()) << "a changed profile? CTOOL_ACCEPT=1 takes it over";
}
#endif

TEST(Disassemble, OneInstructionALine) {
  const std::string text = Disassemble(MustCompile(Rules(Rule1("\"read\"", "ERRNO"))));
  EXPECT_EQ(text.substr(0, 7), "ld [4]\n");
  EXPECT_NE(text.find("ret KILL_PROCESS\n"), std::string::npos);
  EXPECT_NE(text.find("ret ERRNO 1\n"), std::string::npos);
  EXPECT_EQ(text.find("code"), std::string::npos);
}

}  // namespace
}  // namespace ctool::seccomp
