// SPDX-License-Identifier: Apache-2.0
#include "doctor/doctor.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "doctor/checks_internal.hpp"
#include "network/backend.hpp"

namespace ctool::doctor {
namespace {

constexpr Finding (*kChecks[])(Host&) = {
    CheckPrograms,   CheckConfiguration, CheckKernel, CheckSystemCalls, CheckUserNamespaces, CheckAppArmor, CheckRanges,
    CheckHelpers,    CheckProc,          CheckStore,  CheckSpace,       CheckOverlay,        CheckFuse,     CheckRunFolder,
    CheckGroups,     CheckControllers,   CheckLinger, CheckTun,         CheckSlirp,          CheckPasta,    CheckNetavark,
    CheckAardvark,   CheckPorts,         CheckClock,  CheckLimits,
};

// containers.conf may choose another one for those who ask for none.
std::string DefaultBackend(const config::ContainersConf& conf) {
  const std::string netns = conf.netns.value_or("");
  if (netns == "none" || netns == "host") return "";
  return conf.default_rootless_network_cmd.value_or("") == network::kPasta ? network::kPasta : network::kSlirp4netns;
}

}  // namespace

std::string_view Name(State state) {
  return state == State::kOk ? "ok" : state == State::kDegraded ? "degraded" : "off";
}

Finding Well(std::string check, std::string reason) {
  Finding finding;
  finding.check = std::move(check);
  finding.reason = std::move(reason);
  return finding;
}

Finding Ill(State state, std::string check, std::string reason, std::string consequence) {
  Finding finding = Well(std::move(check), std::move(reason));
  finding.state = state;
  finding.consequence = std::move(consequence);
  return finding;
}

Finding&& Mend(Finding&& finding, By by, std::string command) {
  finding.mend = std::move(command);
  finding.is_command = true;
  finding.by_root = by == By::kRoot;
  return std::move(finding);
}

Finding&& Advise(Finding&& finding, std::string sentence) {
  finding.mend = std::move(sentence);
  return std::move(finding);
}

Finding&& MendAsHinted(Finding&& finding, std::string hint) {
  // What other commands say behind it.
  for (const std::string_view self : {"; see: ctool doctor", "see: ctool doctor"})
    if (EndsWith(hint, self)) hint.resize(hint.size() - self.size());
  constexpr std::string_view kAsRoot = "as root: ";
  const size_t at = hint.find(kAsRoot);
  // "as root, add the line ..." is a sentence.
  if (at != 0) return Advise(std::move(finding), hint);
  return Mend(std::move(finding), By::kRoot, hint.substr(kAsRoot.size()));
}

Finding&& Required(Finding&& finding) {
  finding.required = true;
  return std::move(finding);
}

std::vector<Finding> Examine(engine::Engine& engine) {
  Reach reach = Reach::Begin();
  Host host{engine, {}, userns::DefaultMap(), false, ""};
  if (const auto conf = engine.Conf(); conf.ok()) host.conf = **conf;
  host.backend = DefaultBackend(host.conf);
  std::vector<Finding> findings;
  for (const auto check : kChecks) findings.push_back(check(host));
  for (Finding& finding : reach.Findings()) findings.push_back(std::move(finding));
  return findings;
}

bool Runs(const std::vector<Finding>& findings) {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& f) { return f.required && f.state == State::kOff; });
}

std::string Caller() { return LoginName(); }

namespace {

// What came from outside must not end a comment.
std::string Comment(std::string_view text) { return "# " + Printable(text) + "\n"; }

}  // namespace

std::string FixScript(const std::vector<Finding>& findings, std::string_view user) {
  std::string script = "#!/bin/sh\n" + Comment("What ctool doctor found on this host for " + std::string(user) + ". To be run by root.") +
                       "set -u\n[ \"$(id -u)\" = 0 ] || { echo 'run this as root' >&2; exit 1; }\nfailed=0\n";
  std::vector<std::string> done;
  std::string rest;
  for (const Finding& f : findings) {
    if (f.state == State::kOk) continue;
    const std::string what = f.check + ": " + f.reason + (f.consequence.empty() ? "" : ": " + f.consequence);
    if (!f.is_command || !f.by_root) {
      rest += Comment(what);
      if (!f.mend.empty()) rest += Comment((f.is_command ? "  not for root: " : "  ") + f.mend);
      continue;
    }
    script += "\n" + Comment(what);
    if (std::find(done.begin(), done.end(), f.mend) != done.end()) continue;
    done.push_back(f.mend);
    script += "{ " + f.mend + "; } || { echo " + ShellWord("could not mend: " + f.check) + " >&2; failed=1; }\n";
  }
  if (done.empty()) script += "\n# There is nothing for an administrator to do.\n";
  if (!rest.empty()) script += "\n# What no command of root's mends:\n" + rest;
  return script + "\nexit $failed\n";
}

}  // namespace ctool::doctor
