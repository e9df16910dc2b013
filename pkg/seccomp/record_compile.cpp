// SPDX-License-Identifier: Apache-2.0
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>

#include "seccomp/record.hpp"
#include "seccomp/seccomp_internal.hpp"

namespace ctool::seccomp {
namespace {

using Json = nlohmann::ordered_json;

// In every recorded profile, whether a run made them or not: the end of a process and of a signal handler come at
// moments that a recording may miss, clocks are read without a call where the host lets the vDSO do it, and which of the
// rest libc picks is chance. They give nothing that a program does not have, and asking for them would cost most.
// Forks are among them for a reason of their own: a signal can interrupt a question that is not read yet, which a handler
// without SA_RESTART turns into EINTR, and no program expects that of fork.
constexpr std::array<std::string_view, 26> kAlways{
    "brk",    "clock_gettime", "clock_gettime64", "close",           "execve",         "exit",         "exit_group",
    "fork",   "futex",         "getcpu",          "getpid",          "gettid",         "gettimeofday", "madvise",
    "mmap",   "munmap",        "read",            "readv",           "restart_syscall", "rt_sigprocmask", "rt_sigreturn",
    "sched_yield", "time",     "vfork",           "write",           "writev"};
// A fork by another name, as long as it makes no namespace.
constexpr std::string_view kClone = "clone";
constexpr uint64_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
#if defined(__s390x__)
constexpr uint32_t kCloneFlags = 1;
#else
constexpr uint32_t kCloneFlags = 0;
#endif
// The runtime's own last call before the program: the first question, after which all are the program's.
constexpr std::string_view kFirst = "execve";

struct ActionName {
  uint32_t ret;
  const char* name;
};
constexpr std::array<ActionName, 7> kActionNames{{{SECCOMP_RET_KILL_PROCESS, "SCMP_ACT_KILL_PROCESS"},
                                                  {SECCOMP_RET_KILL_THREAD, "SCMP_ACT_KILL_THREAD"},
                                                  {SECCOMP_RET_TRAP, "SCMP_ACT_TRAP"},
                                                  {SECCOMP_RET_ERRNO, "SCMP_ACT_ERRNO"},
                                                  {SECCOMP_RET_TRACE, "SCMP_ACT_TRACE"},
                                                  {SECCOMP_RET_LOG, "SCMP_ACT_LOG"},
                                                  {SECCOMP_RET_ALLOW, "SCMP_ACT_ALLOW"}}};

// "action", and "errnoRet" where it has a meaning.
void PutAction(uint32_t action, const char* action_key, const char* errno_key, Json& into) {
  const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
  for (const ActionName& known : kActionNames)
    if (known.ret == kind) into[action_key] = known.name;
  if (kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE) into[errno_key] = action & SECCOMP_RET_DATA;
}

constexpr std::array<const char*, 7> kOpNames{"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",       "SCMP_CMP_EQ",
                                              "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"};

// What a profile with `otherwise` as its default has to say to mean this decision.
std::string RulesOf(const Decision& decision, uint32_t otherwise) {
  Json rules = Json::array();
  for (const Clause& clause : decision.clauses) {
    Json rule;
    PutAction(clause.action, "action", "errnoRet", rule);
    for (const ArgCheck& arg : clause.args) {
      Json check{{"index", arg.index}, {"value", arg.value}};
      if (arg.op == Op::kMaskedEqual) check["valueTwo"] = arg.value_two;
      check["op"] = kOpNames[static_cast<size_t>(arg.op)];
      rule["args"].push_back(std::move(check));
    }
    rules.push_back(std::move(rule));
  }
  if (decision.action != otherwise) {
    Json rule;
    PutAction(decision.action, "action", "errnoRet", rule);
    rules.push_back(std::move(rule));
  }
  return rules.dump();
}

// Allowed calls ask. Those that a tracer or the log hears of do, too: a listener comes before both.
uint32_t Asking(uint32_t action) { return LetsPass(action) ? SECCOMP_RET_USER_NOTIF : action; }

Decision Asking(Decision decision) {
  for (Clause& clause : decision.clauses) clause.action = Asking(clause.action);
  decision.action = Asking(decision.action);
  return decision;
}

bool CanPass(const Decision& decision) {
  return LetsPass(decision.action) ||
         std::any_of(decision.clauses.begin(), decision.clauses.end(), [](const Clause& c) { return LetsPass(c.action); });
}

// The table with every call that has a name asking, and the calls themselves for the plan.
Table RecordTable(const Table& base, size_t arch, uint32_t otherwise, RecordPlan& plan) {
  Table table{base.arch, base.default_action, {}};
  const auto put = [&table](uint32_t number, Decision decision) {
    if (!table.segments.empty() && table.segments.back().first == number) table.segments.back().decision = std::move(decision);
    else if (table.segments.empty() || !(table.segments.back().decision == decision))
      table.segments.push_back({number, std::move(decision)});
  };
  const std::optional<uint32_t> sendmsg = NumberOf(base.arch, "sendmsg");
  put(0, Lookup(base, 0));
  const uint32_t first = base.arch.number_bit;
  for (uint32_t number = first; number < first + SeenCalls::kNumbers; ++number) {
    Decision decision = Lookup(base, number);
    const std::optional<std::string> name = NameOf(base.arch, number);
    if (name && CanPass(decision)) {
      const bool always = *name != kFirst && std::find(kAlways.begin(), kAlways.end(), *name) != kAlways.end();
      plan.calls.push_back({arch, number, *name, always || *name == kFirst, RulesOf(decision, otherwise)});
      if (arch == 0 && *name == kClone && decision.clauses.empty() && decision.action == SECCOMP_RET_ALLOW) {
        const Decision fork{{{{{kCloneFlags, Op::kMaskedEqual, kNewNamespaces, 0}}, SECCOMP_RET_ALLOW}}, otherwise};
        plan.calls.push_back({arch, number, *name, true, RulesOf(fork, otherwise)});
        put(number, {fork.clauses, SECCOMP_RET_USER_NOTIF});
        continue;
      }
      // Where a rule looks at arguments nothing is taken for granted. Another architecture is noted by its calls.
      if (!always || arch != 0 || !decision.clauses.empty()) decision = Asking(std::move(decision));
    }
    if (arch == 0 && sendmsg == number)
      decision.clauses.insert(decision.clauses.begin(), {{{2, Op::kMaskedEqual, UINT32_MAX, kReportFlags}}, SECCOMP_RET_ALLOW});
    put(number, std::move(decision));
  }
  put(first + SeenCalls::kNumbers, Lookup(base, first + SeenCalls::kNumbers));
  return table;
}

Profile Unconfined() {
  Profile profile;
  profile.default_action = SECCOMP_RET_ALLOW;
  for (const Arch& arch : NativeFamily()) profile.architectures.emplace_back(arch.name);
  return profile;
}

}  // namespace

Result<Recording> CompileRecording(const std::optional<Profile>& profile, const std::vector<std::string>& caps) {
  TRY(Compile(profile ? *profile : Unconfined(), caps));  // what is wrong with it is said as for any
  Facts facts{{}, KernelVersion()};
  for (const std::string& cap : caps) facts.caps.push_back(BareCapability(cap));
  const std::vector<Table> tables = TRY(Resolve(profile ? *profile : Unconfined(), facts));
  // The recorded profile is a list of what is allowed, also where the one that it comes from is a list of what is not.
  const uint32_t base = tables.front().default_action;
  const uint32_t otherwise = LetsPass(base) ? SECCOMP_RET_ERRNO | ENOSYS : base;
  RecordPlan plan;
  Json head;
  PutAction(otherwise, "defaultAction", "defaultErrnoRet", head);
  plan.head = head.dump();
  std::vector<Table> recording;
  for (size_t i = 0; i < tables.size() && i < SeenCalls::kArches; ++i) {
    plan.arches.push_back({tables[i].arch.name, tables[i].arch.audit, tables[i].arch.number_bit});
    recording.push_back(RecordTable(tables[i], i, otherwise, plan));
  }
  const std::vector<sock_filter> program = TRY(Assemble(recording));
  return Recording{std::string(reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)), plan.Print()};
}

Status CheckListeners() {
  constexpr std::pair<int, int> kNeeded{5, 5};  // SECCOMP_USER_NOTIF_FLAG_CONTINUE
  const uint32_t action = SECCOMP_RET_USER_NOTIF;
  if (KernelVersion() >= kNeeded && ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) return Ok();
  return Error(Code::kUnsupported, "a seccomp profile cannot be recorded: this kernel has no user notifications of system calls")
      .Hint("Linux 5.5 or later is needed");
}

}  // namespace ctool::seccomp
