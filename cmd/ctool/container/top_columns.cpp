// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/top_columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/sink.hpp"
#include "cli/value.hpp"
#include "runtime/plan.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

using engine::TopProcess;

constexpr int64_t kSecond = 1'000'000'000;

// A bit for each capability that this kernel has.
uint64_t AllCapabilities() {
  const Result<std::string> last = sys::ReadFile("/proc/sys/kernel/cap_last_cap");
  const uint64_t bits = last.ok() ? ParseUint(Trim(*last)).value_or(40) + 1 : 41;
  return bits >= 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
}

std::string Capabilities(uint64_t mask) {
  if (mask == 0) return "none";
  if (mask == AllCapabilities()) return "full";
  std::vector<std::string> names;
  for (int bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) == 0) continue;
    const char* name = runtime::CapabilityName(bit);
    if (name != nullptr) names.emplace_back(StartsWith(name, "CAP_") ? name + 4 : name);
  }
  std::sort(names.begin(), names.end());
  return Join(names, ",");
}

std::string CpuPercent(const TopProcess& p) {
  return fmt::format("{:.3f}", p.elapsed == 0 ? 0.0 : 100.0 * static_cast<double>(p.cpu) / static_cast<double>(p.elapsed));
}

std::string Seccomp(const TopProcess& p) {
  constexpr const char* kModes[] = {"disabled", "strict", "filter"};
  return p.seccomp >= 0 && p.seccomp < 3 ? kModes[p.seccomp] : "?";
}

// The kernel's numbers of terminals (Documentation/admin-guide/devices.txt).
std::string Terminal(const TopProcess& p) {
  const uint64_t major = p.tty >> 8 & 0xfff, minor = (p.tty & 0xff) | (p.tty >> 12 & 0xfff00);
  if (major >= 136 && major <= 143) return "pts/" + std::to_string((major - 136) * 256 + minor);
  if (major == 4) return minor < 64 ? "tty" + std::to_string(minor) : "ttyS" + std::to_string(minor - 64);
  if (major == 5 && minor == 1) return "console";
  return "?";
}

// To the second, as podman has it.
std::string Started(const TopProcess& p) { return cli::TimeText(cli::Value::Time(p.started / kSecond * kSecond).as_time()); }

constexpr TopColumn kColumns[] = {
    {"args", "%a", "COMMAND", [](const TopProcess& p) { return p.args; }},
    {"capamb", "", "AMBIENT CAPS", [](const TopProcess& p) { return Capabilities(p.cap_amb); }},
    {"capbnd", "", "BOUNDING CAPS", [](const TopProcess& p) { return Capabilities(p.cap_bnd); }},
    {"capeff", "", "EFFECTIVE CAPS", [](const TopProcess& p) { return Capabilities(p.cap_eff); }},
    {"capinh", "", "INHERITED CAPS", [](const TopProcess& p) { return Capabilities(p.cap_inh); }},
    {"capprm", "", "PERMITTED CAPS", [](const TopProcess& p) { return Capabilities(p.cap_prm); }},
    {"comm", "%c", "COMMAND", [](const TopProcess& p) { return p.comm; }},
    {"etime", "%t", "ELAPSED", [](const TopProcess& p) { return cli::DurationText(p.elapsed); }},
    {"group", "%G", "GROUP", [](const TopProcess& p) { return p.group; }},
    {"groups", "", "GROUPS", [](const TopProcess& p) { return p.groups; }},
    {"hgroup", "", "HGROUP", [](const TopProcess& p) { return p.host_group; }},
    {"hgroups", "", "HGROUPS", [](const TopProcess& p) { return p.host_groups; }},
    {"hpid", "", "HPID", [](const TopProcess& p) { return std::to_string(p.host_pid); }},
    {"huid", "", "HUID", [](const TopProcess& p) { return std::to_string(p.host_uid); }},
    {"huser", "", "HUSER", [](const TopProcess& p) { return p.host_user; }},
    {"label", "", "LABEL", [](const TopProcess& p) { return p.label; }},
    {"nice", "%n", "NI", [](const TopProcess& p) { return std::to_string(p.nice); }},
    {"pcpu", "%C", "%CPU", CpuPercent},
    {"pgid", "%r", "PGID", [](const TopProcess& p) { return std::to_string(p.pgid); }},
    {"pid", "%p", "PID", [](const TopProcess& p) { return std::to_string(p.pid); }},
    {"ppid", "%P", "PPID", [](const TopProcess& p) { return std::to_string(p.ppid); }},
    {"rgroup", "%g", "RGROUP", [](const TopProcess& p) { return p.rgroup; }},
    {"rss", "", "RSS", [](const TopProcess& p) { return std::to_string(p.rss); }},
    {"ruser", "%u", "RUSER", [](const TopProcess& p) { return p.ruser; }},
    {"seccomp", "", "SECCOMP", Seccomp},
    {"state", "", "STATE", [](const TopProcess& p) { return std::string(1, p.state); }},
    {"stime", "", "STIME", Started},
    {"time", "%x", "TIME", [](const TopProcess& p) { return cli::DurationText(p.cpu / kSecond * kSecond); }},
    {"tty", "%y", "TTY", Terminal},
    {"uid", "", "UID", [](const TopProcess& p) { return std::to_string(p.uid); }},
    {"user", "%U", "USER", [](const TopProcess& p) { return p.user; }},
    {"vsz", "%z", "VSZ", [](const TopProcess& p) { return std::to_string(p.vsz); }},
};

}  // namespace

std::vector<std::string> TopColumnNames() {
  std::vector<std::string> names;
  for (const TopColumn& column : kColumns) names.emplace_back(column.name);
  return names;
}

const TopColumn* FindTopColumn(std::string_view word) {
  for (const TopColumn& column : kColumns)
    if (word == column.name || (!column.code.empty() && word == column.code)) return &column;
  return nullptr;
}

engine::TopWanted WantedBy(const std::vector<const TopColumn*>& columns) {
  engine::TopWanted wanted{.names = false, .host_names = false, .args = false, .label = false};
  for (const TopColumn* column : columns) {
    for (const std::string_view name : {"user", "ruser", "group", "rgroup", "groups"}) wanted.names |= column->name == name;
    for (const std::string_view name : {"huser", "hgroup", "hgroups"}) wanted.host_names |= column->name == name;
    wanted.args |= column->name == "args";
    wanted.label |= column->name == "label";
  }
  return wanted;
}

}  // namespace ctool
