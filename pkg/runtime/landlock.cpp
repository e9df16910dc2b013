// SPDX-License-Identifier: Apache-2.0
#include "runtime/landlock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

namespace ctool::runtime {
namespace {

constexpr size_t kMaxFile = 64 << 10;  // a thousand long paths
constexpr size_t kMaxRules = 1024;     // each is an open file while the container starts

// The kernel that brought what a rule needs. Before version 3 a file could be truncated by whoever may not write it.
constexpr int kFilesAbi = 3, kTcpAbi = 4, kScopeAbi = 6;

Error Bad(std::string_view item, const std::string& why) {
  return Error(Code::kInvalidArgument, "--security-opt landlock: " + Quote(item) + ": " + why);
}

Status AddPaths(std::string_view item, std::string_view value, bool write, bool execute, Landlock& into) {
  into.limits_files = true;
  for (const std::string& word : Split(value, ':')) {
    const std::string path(Trim(word));
    if (path.empty() || path[0] != '/') return Bad(item, "paths are absolute ones, in the container");
    if (path.find('\0') != std::string::npos) return Bad(item, "a path holds a zero byte");
    if (into.paths.size() == kMaxRules) return Bad(item, "more than " + std::to_string(kMaxRules) + " paths");
    into.paths.push_back({path, write, execute});
  }
  return Ok();
}

Status AddPorts(std::string_view item, std::string_view value, bool& limits, std::vector<uint16_t>& ports) {
  limits = true;
  if (value == "none") return Ok();
  for (const std::string& text : Split(value, ':')) {
    const std::optional<uint64_t> port = ParseUint(text);
    if (!port || *port > 65535) return Bad(item, "ports are numbers up to 65535, or \"none\"");
    if (ports.size() == kMaxRules) return Bad(item, "more than " + std::to_string(kMaxRules) + " ports");
    ports.push_back(static_cast<uint16_t>(*port));
  }
  return Ok();
}

Status AddItem(std::string_view item, Landlock& into) {
  const size_t equals = item.find('=');
  const std::string_view key = item.substr(0, equals), value = equals == std::string_view::npos ? "" : item.substr(equals + 1);
  if (item == "best-effort") {
    into.best_effort = true;
    return Ok();
  }
  if (key == "ro" || key == "rw" || key == "ro-noexec" || key == "rw-noexec")
    return AddPaths(item, value, key[1] == 'w', key.size() == 2, into);
  if (key == "tcp-bind") return AddPorts(item, value, into.limits_bind, into.bind);
  if (key == "tcp-connect") return AddPorts(item, value, into.limits_connect, into.connect);
  if (key != "scope")
    return Bad(item, "unknown: there are ro=, rw=, ro-noexec=, rw-noexec=, tcp-bind=, tcp-connect=, scope= and best-effort");
  for (const std::string& scope : Split(value, ':')) {
    if (scope == "signal") into.scope_signal = true;
    else if (scope == "abstract-unix") into.scope_abstract_unix = true;
    else return Bad(item, "scopes are signal and abstract-unix");
  }
  return Ok();
}

std::string PrintPorts(const char* key, const std::vector<uint16_t>& ports) {
  std::string out = key;
  for (const uint16_t port : ports) out += (out.back() == '=' ? "" : ":") + std::to_string(port);
  return ports.empty() ? out + "none" : out;
}

}  // namespace

Status Landlock::Add(std::string_view items) {
  for (const std::string& line : Split(items, '\n')) {
    for (const std::string& item : Split(line.substr(0, line.find('#')), ','))
      if (const std::string_view bare = Trim(item); !bare.empty()) TRY(AddItem(bare, *this));
  }
  return Ok();
}

std::string Landlock::Print() const {
  std::vector<std::string> items;
  for (const Path& p : paths)
    items.push_back(std::string(p.write ? "rw" : "ro") + (p.execute ? "=" : "-noexec=") + p.path);
  if (limits_bind) items.push_back(PrintPorts("tcp-bind=", bind));
  if (limits_connect) items.push_back(PrintPorts("tcp-connect=", connect));
  if (scope_signal) items.emplace_back("scope=signal");
  if (scope_abstract_unix) items.emplace_back("scope=abstract-unix");
  if (best_effort) items.emplace_back("best-effort");
  return Join(items, ",");
}

Status AddLandlock(const std::string& value, Landlock& into) {
  const std::string first = value.substr(0, value.find(','));
  if (first.find('=') != std::string::npos || first == "best-effort") return into.Add(value);
  if (value.empty()) return Error(Code::kInvalidArgument, "--security-opt landlock= needs rules, or a file of them");
  const sys::Fd file = TRY_CTX("landlock rules", sys::Open(value, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  const struct stat st = TRY(sys::StatFd(file.get(), value));
  if (!S_ISREG(st.st_mode)) return Error(Code::kInvalidArgument, "landlock rules: " + Quote(value) + " is not a regular file");
  return into.Add(TRY_CTX("landlock rules", sys::ReadAll(file.get(), value, kMaxFile)));
}

int LandlockAbi() {
  constexpr unsigned kVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersion);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Status CheckLandlock(const Landlock& rules, int abi) {
  if (rules.empty()) return Error(Code::kInvalidArgument, "--security-opt landlock: the rules restrict nothing");
  struct Need {
    bool asked;
    int abi;
    const char *what, *kernel;
  };
  const Need needs[] = {{rules.limits_files, kFilesAbi, "rules for files, truncation included,", "6.2"},
                        {rules.limits_bind || rules.limits_connect, kTcpAbi, "rules for TCP ports", "6.7"},
                        {rules.scope_signal || rules.scope_abstract_unix, kScopeAbi, "scopes", "6.12"}};
  for (const Need& need : needs) {
    if (!need.asked || abi >= need.abi) continue;
    const std::string lacks = abi == 0 ? std::string("this kernel has no Landlock, or has it switched off (lsm=)")
                                       : std::string("Landlock's ") + need.what + " need Linux " + need.kernel;
    if (!rules.best_effort)
      return Error(Code::kUnsupported, "--security-opt landlock cannot be applied: " + lacks)
          .Hint("landlock=best-effort,... applies what this kernel can enforce");
    Warn("--security-opt landlock is applied in part: " + lacks);
    if (abi == 0) break;
  }
  return Ok();
}

}  // namespace ctool::runtime
