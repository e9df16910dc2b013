// SPDX-License-Identifier: Apache-2.0
#include <linux/seccomp.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>

#include "base/log.hpp"
#include "seccomp/seccomp_internal.hpp"

namespace ctool::seccomp {

std::pair<int, int> KernelVersion() {
  utsname name{};
  int major = 0, minor = 0;
  if (::uname(&name) < 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return {0, 0};
  return {major, minor};
}

bool LetsPass(uint32_t action) {
  switch (action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_TRACE: return true;
    default: return false;
  }
}

namespace {

bool Possible(const Table& table, const char* call) {
  const std::optional<uint32_t> number = NumberOf(table.arch, call);
  if (!number) return true;
  const Decision& decision = Lookup(table, *number);
  return LetsPass(decision.action) ||
         std::any_of(decision.clauses.begin(), decision.clauses.end(),
                     [](const Clause& clause) { return LetsPass(clause.action); });
}

}  // namespace

Result<std::string> Compile(const Profile& profile, const std::vector<std::string>& caps) {
  Facts facts{{}, KernelVersion()};
  for (const std::string& cap : caps) facts.caps.push_back(BareCapability(cap));
  const std::vector<Table> tables = TRY(Resolve(profile, facts));
  if (!Possible(tables.front(), "execve"))
    return Error(Code::kInvalidArgument,
                 "seccomp profile: blocks execve, so no command could be started")
        .Hint("a profile is an allow list when its defaultAction is not SCMP_ACT_ALLOW");
  for (const char* call : {"exit_group", "rt_sigreturn", "futex"})
    if (!Possible(tables.front(), call))
      Warn(std::string("the seccomp profile blocks ") + call +
           ", which nearly every program needs");
  const std::vector<sock_filter> program = TRY(Assemble(tables));
  return std::string(reinterpret_cast<const char*>(program.data()),
                     program.size() * sizeof(sock_filter));
}

}  // namespace ctool::seccomp
