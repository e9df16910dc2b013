// SPDX-License-Identifier: Apache-2.0
#include "seccomp/record.hpp"

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS  // Linux 6.6
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#endif

namespace ctool::seccomp {
namespace {

using Json = nlohmann::ordered_json;
constexpr uint64_t kSyncWakeUp = 1;  // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
constexpr char kOnlyAllow[] = R"([{"action":"SCMP_ACT_ALLOW"}])";

// A rule as containers/common writes it.
Json RuleOf(const std::vector<std::string>& names, const Json& rule) {
  Json out;
  out["names"] = names;
  out["action"] = rule.at("action");
  out["args"] = rule.contains("args") ? rule["args"] : Json::array();
  out["comment"] = "";
  out["includes"] = Json::object();
  out["excludes"] = Json::object();
  if (rule.contains("errnoRet")) out["errnoRet"] = rule["errnoRet"];
  return out;
}

}  // namespace

Result<RecordPlan> RecordPlan::Parse(std::string_view text) {
  const Error bad(Code::kCorrupt, "the plan of a recorded seccomp profile is damaged");
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  const auto is = [](const Json& object, const char* key, Json::value_t type) {
    return object.is_object() && object.contains(key) && object[key].type() == type;
  };
  using T = Json::value_t;
  if (!is(json, "head", T::string) || !is(json, "arches", T::array) || !is(json, "calls", T::array)) return bad;
  RecordPlan plan;
  plan.head = json["head"];
  for (const Json& a : json["arches"]) {
    if (!is(a, "name", T::string) || !is(a, "audit", T::number_unsigned) || !is(a, "bit", T::number_unsigned)) return bad;
    plan.arches.push_back({a["name"], a["audit"], a["bit"]});
  }
  for (const Json& c : json["calls"]) {
    if (!is(c, "arch", T::number_unsigned) || !is(c, "nr", T::number_unsigned) || !is(c, "name", T::string) ||
        !is(c, "always", T::boolean) || !is(c, "rules", T::string) || c["arch"] >= plan.arches.size())
      return bad;
    plan.calls.push_back({c["arch"], c["nr"], c["name"], c["always"], c["rules"]});
  }
  return plan;
}

std::string RecordPlan::Print() const {
  Json json;
  json["head"] = head;
  json["arches"] = json["calls"] = Json::array();
  for (const Arch& a : arches) json["arches"].push_back({{"name", a.name}, {"audit", a.audit}, {"bit", a.number_bit}});
  for (const Call& c : calls)
    json["calls"].push_back({{"arch", c.arch}, {"nr", c.number}, {"name", c.name}, {"always", c.always}, {"rules", c.rules}});
  return json.dump();
}

Result<SeenCalls> SeenCalls::Map(int file) {
  if (::ftruncate(file, kBytes) < 0) return Error::Sys(errno, "make the memory of seen system calls");
  void* bits = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (bits == MAP_FAILED) return Error::Sys(errno, "map the memory of seen system calls");
  return SeenCalls(static_cast<uint8_t*>(bits));
}

SeenCalls::~SeenCalls() {
  if (bits_ != nullptr) ::munmap(bits_, kBytes);
}

void SeenCalls::Add(size_t arch, uint32_t number) {
  if (arch >= kArches || number >= kNumbers) return;
  const size_t bit = arch * kNumbers + number;
  __atomic_fetch_or(&bits_[bit / 8], static_cast<uint8_t>(1U << bit % 8), __ATOMIC_RELAXED);
}

bool SeenCalls::Has(size_t arch, uint32_t number) const {
  const size_t bit = arch * kNumbers + number;
  return arch < kArches && number < kNumbers && (__atomic_load_n(&bits_[bit / 8], __ATOMIC_RELAXED) >> bit % 8 & 1) != 0;
}

Result<std::string> RecordedProfile(const RecordPlan& plan, const SeenCalls& seen) {
  if (plan.arches.empty()) return Error(Code::kCorrupt, "the plan of a recorded seccomp profile is empty");
  std::set<std::string> plain;
  std::map<std::string, std::set<std::string>> others;  // by name: an architecture may have rules of its own
  std::vector<bool> used(plan.arches.size());
  for (const RecordPlan::Call& call : plan.calls) {
    const bool made = seen.Has(call.arch, call.number & ~plan.arches[call.arch].number_bit);
    if (made) used[call.arch] = true;
    if (!made && !(call.always && call.arch == 0)) continue;
    if (call.rules == kOnlyAllow) plain.insert(call.name);
    else others[call.name].insert(call.rules);
  }
  Json profile = Json::parse(plan.head, nullptr, false);
  if (!profile.is_object()) return Error(Code::kCorrupt, "the plan of a recorded seccomp profile is damaged");
  Json subs = Json::array();
  for (size_t i = 1; i < plan.arches.size(); ++i)
    if (used[i]) subs.push_back(plan.arches[i].name);
  Json arch;
  arch["architecture"] = plan.arches[0].name;
  arch["subArchitectures"] = std::move(subs);
  profile["archMap"] = Json::array({std::move(arch)});
  Json& rules = profile["syscalls"] = Json::array();
  rules.push_back(RuleOf({plain.begin(), plain.end()}, {{"action", "SCMP_ACT_ALLOW"}}));
  for (const auto& [name, lists] : others) {
    if (plain.count(name) != 0) continue;  // seen: with whatever arguments
    for (const std::string& list : lists)
      for (const Json& rule : Json::parse(list, nullptr, false))
        if (rule.is_object() && rule.contains("action")) rules.push_back(RuleOf({name}, rule));
  }
  return profile.dump(1, '\t') + "\n";
}

Result<Listener> Listener::Take(sys::Fd fd) {
  seccomp_notif_sizes sizes{};
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) return Error::Sys(errno, "ask for the size of seccomp's notifications");
  // Who asks and who answers take turns: on one processor that is three times as fast. Older kernels do without.
  ::ioctl(fd.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, kSyncWakeUp);
  return Listener(std::move(fd), std::max<size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)),
                  std::max<size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp)));
}

bool Listener::Receive(const RecordPlan& plan, SeenCalls& seen) {
  std::fill(question_.begin(), question_.end(), '\0');
  // ENOENT: who asked has been killed meanwhile, or all have ended (Linux 6.11), which poll tells.
  if (::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, question_.data()) < 0) return errno == EINTR || errno == ENOENT;
  const auto& question = *reinterpret_cast<const seccomp_notif*>(question_.data());
  const auto number = static_cast<uint32_t>(question.data.nr);
  for (size_t i = 0; i < plan.arches.size(); ++i) {
    const RecordPlan::Arch& arch = plan.arches[i];
    const bool x32 = plan.arches[0].audit == question.data.arch && (number & 0x40000000) != 0;
    if (arch.audit != question.data.arch || (arch.number_bit != 0) != x32) continue;
    seen.Add(i, number & ~arch.number_bit);
    break;
  }
  waiting_.push_back(question.id);
  return true;
}

bool Listener::Send(uint64_t id) {
  std::fill(answer_.begin(), answer_.end(), '\0');
  auto& answer = *reinterpret_cast<seccomp_notif_resp*>(answer_.data());
  answer.id = id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  // ENOENT: it is gone.
  return ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, answer_.data()) == 0 || errno == ENOENT || errno == EINTR;
}

bool Listener::Answer(const RecordPlan& plan, SeenCalls& seen) {
  // Read all before the first answer: a signal interrupts a call only as long as its question is not read.
  waiting_.clear();
  for (pollfd polled{fd_.get(), POLLIN, 0};;) {
    if (!Receive(plan, seen)) return false;
    if (::poll(&polled, 1, 0) <= 0 || (polled.revents & POLLIN) == 0) break;
  }
  return std::all_of(waiting_.begin(), waiting_.end(), [this](uint64_t id) { return Send(id); });
}

}  // namespace ctool::seccomp
