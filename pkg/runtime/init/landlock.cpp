// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

namespace ctool::runtime::init {
namespace {

// linux/landlock.h, of which Debian 12's knows the first half.
constexpr uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2, kReadDir = 1 << 3;
constexpr uint64_t kRemoveAndMake = 0x1ff0;  // REMOVE_DIR ... MAKE_SYM
constexpr uint64_t kRefer = 1 << 13, kTruncate = 1 << 14, kIoctlDev = 1 << 15;
constexpr uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;
constexpr uint64_t kBindTcp = 1 << 0, kConnectTcp = 1 << 1;
constexpr uint64_t kAbstractUnix = 1 << 0, kSignal = 1 << 1;
constexpr int kPathBeneath = 1, kNetPort = 2;

struct RulesetAttr {
  uint64_t files = 0, net = 0, scoped = 0;
};
struct __attribute__((packed)) PathAttr {
  uint64_t access;
  int32_t parent;
};
struct PortAttr {
  uint64_t access, port;
};

// All that this version can restrict.
uint64_t FileRights(int abi) {
  uint64_t rights = kExecute | kWriteFile | kReadFile | kReadDir | kRemoveAndMake;
  if (abi >= 2) rights |= kRefer;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctlDev;
  return rights;
}

// The struct has grown: an older kernel wants it as it knew it.
size_t AttrSize(int abi) { return abi >= 6 ? 24 : abi >= 4 ? 16 : 8; }

RulesetAttr Handled(const Landlock& rules, int abi) {
  RulesetAttr attr;
  if (rules.limits_files) attr.files = FileRights(abi);
  if (abi >= 4) attr.net = (rules.limits_bind ? kBindTcp : 0) | (rules.limits_connect ? kConnectTcp : 0);
  if (abi >= 6) attr.scoped = (rules.scope_abstract_unix ? kAbstractUnix : 0) | (rules.scope_signal ? kSignal : 0);
  return attr;
}

Status AddPath(Context& c, int ruleset, const Landlock::Path& path, uint64_t handled, bool best_effort) {
  const Result<sys::Fd> there = c.root->Open(path.path, O_PATH);
  if (!there.ok() && best_effort) {
    Debug("landlock: " + there.error().Message());
    return Ok();
  }
  if (!there.ok()) return Error::Sys(there.error().sys_errno(), "landlock: open in the container", path.path).As(Code::kNotExecutable);
  const struct stat st = TRY(sys::StatFd(there->get(), path.path));
  uint64_t access = kReadFile | kReadDir;
  if (path.write) access |= kWriteFile | kRemoveAndMake | kRefer | kTruncate | kIoctlDev;
  if (path.execute) access |= kExecute;
  if (!S_ISDIR(st.st_mode)) access &= kOfFiles;
  const PathAttr rule{access & handled, there->get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, kPathBeneath, &rule, 0) < 0) return Error::Sys(errno, "add the landlock rule for", path.path);
  return Ok();
}

Status AddPorts(int ruleset, const std::vector<uint16_t>& ports, uint64_t access) {
  for (const uint16_t port : ports) {
    const PortAttr rule{access, port};
    if (::syscall(SYS_landlock_add_rule, ruleset, kNetPort, &rule, 0) < 0)
      return Error::Sys(errno, "add the landlock rule for port", std::to_string(port));
  }
  return Ok();
}

}  // namespace

Status ApplyLandlock(Context& c) {
  const Landlock& rules = c.plan.landlock;
  if (rules.empty()) return Ok();
  const int abi = LandlockAbi();
  if (!rules.best_effort) TRY(CheckLandlock(rules, abi));  // whoever made the bundle may have asked another kernel
  const RulesetAttr attr = Handled(rules, abi);
  if (abi == 0 || (attr.files | attr.net | attr.scoped) == 0) return Ok();
  const sys::Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, AttrSize(abi), 0)));
  if (!ruleset) return Error::Sys(errno, "make a landlock ruleset");
  for (const Landlock::Path& path : rules.paths) TRY(AddPath(c, ruleset.get(), path, attr.files, rules.best_effort));
  if ((attr.net & kBindTcp) != 0) TRY(AddPorts(ruleset.get(), rules.bind, kBindTcp));
  if ((attr.net & kConnectTcp) != 0) TRY(AddPorts(ruleset.get(), rules.connect, kConnectTcp));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) < 0) return Error::Sys(errno, "apply the landlock rules");
  return Ok();
}

}  // namespace ctool::runtime::init
