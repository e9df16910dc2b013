// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "seccomp/seccomp.hpp"

namespace ctool::seccomp {

// arch.cpp: one system call table that processes on this machine can use.
struct Arch {
  const char* name;     // SCMP_ARCH_*
  const char* go_name;  // as `includes.arches` has it
  uint32_t token;       // libseccomp's
  uint32_t audit;       // seccomp_data.arch
  uint32_t number_bit;  // or'ed into every number (x32)
};
// The native one first, then those its processes may switch to.
std::span<const Arch> NativeFamily();
// The number of a call, number_bit included; nothing when this table has no such call.
std::optional<uint32_t> NumberOf(const Arch& arch, const std::string& name);

// The name of a call; nothing when we know of none by this number (number_bit included).
std::optional<std::string> NameOf(const Arch& arch, uint32_t number);

std::string BareCapability(std::string_view name);  // "cap_chown" → "CHOWN"

// resolve.cpp: what happens to one call: the first clause whose conditions hold, else `action`.
struct Clause {
  std::vector<ArgCheck> args;
  uint32_t action = 0;
  bool operator==(const Clause&) const = default;
};
struct Decision {
  std::vector<Clause> clauses;
  uint32_t action = 0;
  bool operator==(const Decision&) const = default;
};
// Every call number from `first` to the next segment's has this decision.
struct Segment {
  uint32_t first = 0;
  Decision decision;
};
struct Table {
  Arch arch;
  uint32_t default_action = 0;
  std::vector<Segment> segments;  // ascending, the first at 0
};

std::pair<int, int> KernelVersion();
// Whether a call with this answer is executed.
bool LetsPass(uint32_t action);

struct Facts {
  std::vector<std::string> caps;  // bare
  std::pair<int, int> kernel;
};
Result<std::vector<Table>> Resolve(const Profile& profile, const Facts& facts);
const Decision& Lookup(const Table& table, uint32_t number);

// bpf.cpp
Result<std::vector<sock_filter>> Assemble(const std::vector<Table>& tables);

}  // namespace ctool::seccomp
