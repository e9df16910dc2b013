// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ctool::seccomp {

enum class Op { kNotEqual, kLess, kLessEqual, kEqual, kGreaterEqual, kGreater, kMaskedEqual };

// One condition on a system call's argument, compared as 64 bits. kMaskedEqual holds when
// (argument & value) == value_two, as in the OCI format.
struct ArgCheck {
  uint32_t index = 0;
  Op op = Op::kEqual;
  uint64_t value = 0, value_two = 0;
  bool operator==(const ArgCheck&) const = default;
};

// Facts about the container and host that a rule may be tied to.
struct Condition {
  std::vector<std::string> caps;    // without "CAP_"
  std::vector<std::string> arches;  // Go's names: "amd64"
  std::optional<std::pair<int, int>> min_kernel;
};

// What happens to a call is written as the kernel has it: SECCOMP_RET_* | data.
struct Rule {
  std::vector<std::string> names;
  uint32_t action = 0;
  std::vector<ArgCheck> args;  // all must hold
  Condition includes, excludes;
};

struct Profile {
  uint32_t default_action = 0;
  std::vector<std::string> architectures;  // SCMP_ARCH_*; empty: the native one only
  std::vector<Rule> rules;
};

// Reads a profile in the format that containers/common, moby and the OCI runtime-spec
// (linux.seccomp) share. Refused: what can't be enforced (SCMP_ACT_NOTIFY, unknown actions,
// operators, flags or architectures) and values that can't mean what their author wanted (an errno
// above 4095, a valueTwo without a mask, a mask of 0). Names of unknown system calls are accepted.
// Errors: kInvalidArgument with the rule's number; kUnsupported.
Result<Profile> ParseProfile(std::string_view json);

// The built-in profile, as JSON (default_profile.json).
std::string_view DefaultProfileText();

// The text of a profile file. kCorrupt for what is no regular file or larger than 4 MiB.
Result<std::string> ReadProfile(const std::string& path);
// The administrator's replacement of the built-in profile, /etc/containers/seccomp.json.
Result<std::optional<std::string>> ReadAdminProfile();

// `profile_text` (none: the built-in one) with a rule more: calls that change owners and groups do nothing and succeed. For
// containers with a single id, where the kernel would refuse them all: package managers unpack files of many owners.
Result<std::string> PretendOwnership(const std::optional<std::string>& profile_text);

// The BPF program (struct sock_filter[]) for this machine. `caps` is the bounding set ("CAP_CHOWN"
// or "CHOWN"). Where several rules meet on one call the most restrictive that matches wins,
// whatever their order; a call from an architecture that the profile doesn't have kills the
// process. Errors: kInvalidArgument for a program over the kernel's 4096 instructions, or one under
// which the container's command could not even be executed.
Result<std::string> Compile(const Profile& profile, const std::vector<std::string>& caps);

// The same through a cache of compiled programs below `cache_dir` (private, made if missing).
// No profile means the built-in one, which on a hit is not even looked at. A cache that is damaged
// or can't be written is no error.
Result<std::string> CompileCached(const std::string& cache_dir,
                                  const std::optional<std::string>& profile_text,
                                  const std::vector<std::string>& caps);

// A filter under which each call that the profile lets pass asks a listener (record.hpp) before it goes on; what is refused
// stays refused. `plan` is a RecordPlan's text. No profile: nothing is refused.
struct Recording {
  std::string program, plan;
};
Result<Recording> CompileRecording(const std::optional<Profile>& profile, const std::vector<std::string>& caps);
// kUnsupported where the kernel can't ask (before Linux 5.5, or inside something that emulates one).
Status CheckListeners();

// One instruction a line, as "ld [4]", "jeq #0x3b, 2, 0", "ret ALLOW": for people and tests.
std::string Disassemble(std::string_view program);

}  // namespace ctool::seccomp
