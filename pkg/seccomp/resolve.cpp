// SPDX-License-Identifier: Apache-2.0
//
// From rules, which may contradict each other, to one decision for each call number.
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "base/log.hpp"
#include "base/text.hpp"
#include "seccomp/seccomp_internal.hpp"

namespace ctool::seccomp {
namespace {

// The kernel's own order of actions: smaller is more restrictive (seccomp_run_filters).
int32_t Rank(uint32_t action) { return static_cast<int32_t>(action & SECCOMP_RET_ACTION_FULL); }

bool Has(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool Applies(const Rule& rule, const Facts& facts) {
  const std::string native = NativeFamily().front().go_name;
  const Condition &in = rule.includes, &out = rule.excludes;
  const auto have = [&facts](const std::string& cap) { return Has(facts.caps, cap); };
  return std::all_of(in.caps.begin(), in.caps.end(), have) &&
         (in.arches.empty() || Has(in.arches, native)) &&
         (!in.min_kernel || facts.kernel >= *in.min_kernel) &&
         std::none_of(out.caps.begin(), out.caps.end(), have) && !Has(out.arches, native) &&
         !(out.min_kernel && facts.kernel >= *out.min_kernel);
}

// The most restrictive of all rules that match decides. Clauses are tried in order, so they stand
// in order of restrictiveness, and those that are no stricter than the unconditional rule go.
Decision Decide(const std::vector<const Rule*>& rules, uint32_t default_action) {
  Decision decision;
  std::optional<uint32_t> always;
  for (const Rule* rule : rules) {
    if (rule->args.empty()) {
      if (!always || Rank(rule->action) < Rank(*always)) always = rule->action;
      continue;
    }
    Clause clause{rule->args, rule->action};
    if (std::find(decision.clauses.begin(), decision.clauses.end(), clause) ==
        decision.clauses.end())
      decision.clauses.push_back(std::move(clause));
  }
  std::stable_sort(
      decision.clauses.begin(), decision.clauses.end(),
      [](const Clause& a, const Clause& b) { return Rank(a.action) < Rank(b.action); });
  if (always)
    std::erase_if(decision.clauses,
                  [&always](const Clause& c) { return Rank(c.action) >= Rank(*always); });
  decision.action = always.value_or(default_action);
  return decision;
}

std::vector<Segment> Segments(const std::map<uint32_t, std::vector<const Rule*>>& calls,
                              uint32_t default_action, const Arch& arch) {
  std::vector<Segment> segments{{0, {{}, default_action}}};
  const auto from = [&segments](uint32_t number, Decision decision) {
    if (segments.back().first == number)
      segments.back().decision = std::move(decision);
    else if (!(segments.back().decision == decision))
      segments.push_back({number, std::move(decision)});
  };
  uint32_t next = 0;
  for (const auto& [number, rules] : calls) {
    if (number != next) from(next, {{}, default_action});
    from(number, Decide(rules, default_action));
    next = number + 1;
  }
  // A profile that forbids by default can't mean calls that it is too old to know: libc's fall
  // back to older ones only works with ENOSYS (runc does the same).
  const bool forbids = (default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
  const bool knows_any = next > arch.number_bit;
  from(next, {{}, forbids && knows_any ? SECCOMP_RET_ERRNO | ENOSYS : default_action});
  return segments;
}

// The tables that the profile asks for and this machine has.
Result<std::vector<Arch>> Architectures(const Profile& profile) {
  const std::span<const Arch> family = NativeFamily();
  if (profile.architectures.empty()) return std::vector<Arch>{family.front()};
  if (!Has(profile.architectures, family.front().name))
    return Error(Code::kInvalidArgument,
                 std::string("seccomp profile: does not list this machine's architecture ") +
                     family.front().name + ", so every program would be killed");
  std::vector<Arch> found;
  for (const Arch& arch : family)
    if (Has(profile.architectures, arch.name)) found.push_back(arch);
  return found;
}

}  // namespace

Result<std::vector<Table>> Resolve(const Profile& profile, const Facts& facts) {
  const std::vector<Arch> arches = TRY(Architectures(profile));
  std::vector<std::map<uint32_t, std::vector<const Rule*>>> calls(arches.size());
  for (const Rule& rule : profile.rules) {
    if (!Applies(rule, facts)) continue;
    for (const std::string& name : rule.names) {
      bool known = false;
      for (size_t i = 0; i < arches.size(); ++i) {
        const std::optional<uint32_t> number = NumberOf(arches[i], name);
        if (number) calls[i][*number].push_back(&rule);
        known = known || number;
      }
      if (!known && LogEnabled(LogLevel::kDebug))
        Debug("seccomp profile: no system call " + Quote(name) + " on this architecture");
    }
  }
  std::vector<Table> tables;
  for (size_t i = 0; i < arches.size(); ++i)
    tables.push_back(
        {arches[i], profile.default_action, Segments(calls[i], profile.default_action, arches[i])});
  return tables;
}

const Decision& Lookup(const Table& table, uint32_t number) {
  const auto after =
      std::upper_bound(table.segments.begin(), table.segments.end(), number,
                       [](uint32_t n, const Segment& segment) { return n < segment.first; });
  return std::prev(after)->decision;
}

}  // namespace ctool::seccomp
