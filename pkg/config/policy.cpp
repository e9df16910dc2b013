// SPDX-License-Identifier: Apache-2.0
#include "config/policy.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "config/document_internal.hpp"
#include "config/paths_internal.hpp"
#include "sys/file.hpp"

namespace ctool::config {

class PolicyReader {
 public:
  PolicyReader(Policy& into, const std::string& file) : to_(into), file_(file) {}

  Status Read() {
    const std::string text = TRY(ReadConfigText(file_));
    TRY(CheckJson(text, file_));
    const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) return Bad("not a JSON object");
    if (!document.contains("default")) return Bad("the key \"default\" is missing");
    for (const auto& [key, value] : document.items()) {
      if (key == "default")
        to_.default_ = TRY(ReadRule(value, key));
      else if (key == "transports")
        TRY(ReadTransports(value));
      else  // containers-policy.json(5): unknown keys are errors, lest a rule be overlooked
        return Bad("unknown key " + Quote(key));
    }
    return Ok();
  }

 private:
  Error Bad(const std::string& problem) const {
    return Error(Code::kCorrupt, "policy '" + file_ + "': " + problem);
  }

  Status ReadTransports(const nlohmann::json& transports) {
    if (!transports.is_object()) return Bad("transports is not an object");
    for (const auto& [transport, scopes] : transports.items()) {
      if (!scopes.is_object()) return Bad("transport " + Quote(transport) + " is not an object");
      for (const auto& [scope, requirements] : scopes.items())
        to_.transports_[transport][scope] =
            TRY(ReadRule(requirements, transport + " scope " + Quote(scope)));
    }
    return Ok();
  }

  // All requirements of a list must be met: the strictest one decides.
  Result<Policy::Rule> ReadRule(const nlohmann::json& requirements, const std::string& where) {
    using Verdict = Policy::Rule::Verdict;
    if (!requirements.is_array() || requirements.empty())
      return Bad(where + ": not a list of requirements");
    Policy::Rule rule;
    for (const nlohmann::json& requirement : requirements) {
      const auto type = requirement.is_object() ? requirement.find("type") : requirement.end();
      if (!requirement.is_object() || type == requirement.end() || !type->is_string())
        return Bad(where + ": a requirement without a type");
      const auto name = type->get<std::string>();
      Verdict verdict = Verdict::kUnsupported;
      if (name == "insecureAcceptAnything")
        verdict = Verdict::kAccept;
      else if (name == "reject")
        verdict = Verdict::kReject;
      else if (name != "signedBy" && name != "signedBaseLayer" && name != "sigstoreSigned")
        return Bad(where + ": unknown requirement " + Quote(name));
      if (verdict == Verdict::kAccept || rule.verdict == Verdict::kReject) continue;
      rule = {verdict, name};
    }
    return rule;
  }

  Policy& to_;
  const std::string& file_;
};

Result<Policy> Policy::LoadFrom(const std::string& file) {
  Policy policy;
  policy.file_ = file;
  TRY(PolicyReader(policy, file).Read());
  return policy;
}

Result<Policy> Policy::Load() {
  const std::string named = Env("CONTAINERS_POLICY_JSON");
  if (!named.empty()) return LoadFrom(named);
  const std::vector<std::string> folders = TRY(ConfigFolders());
  for (const std::string& folder : folders)
    if (sys::Exists(folder + "/policy.json")) return LoadFrom(folder + "/policy.json");
  return Policy();
}

// The most exact scope: the whole name, the repository, each parent, the host, "*.domain" patterns
// of the host, "" for the transport, and the default.
const Policy::Rule& Policy::Find(std::string_view transport, const spec::Reference* reference,
                                 std::string& scope) const {
  scope = "default";
  const auto scopes = transports_.find(transport);
  if (scopes == transports_.end()) return default_;
  const auto lookup = [&](const std::string& name) -> const Rule* {
    const auto at = scopes->second.find(name);
    if (at == scopes->second.end()) return nullptr;
    scope = std::string(transport) + ":" + name;
    return &at->second;
  };
  if (reference != nullptr) {
    if (const Rule* exact = lookup(reference->Name())) return *exact;
    for (std::string name = reference->Repository();; name.resize(name.rfind('/'))) {
      if (const Rule* rule = lookup(name)) return *rule;
      if (name.find('/') == std::string::npos) break;
    }
    std::string host = reference->domain.substr(0, reference->domain.find(':'));
    for (size_t dot = host.find('.'); dot != std::string::npos; dot = host.find('.')) {
      host.erase(0, dot + 1);
      if (const Rule* rule = lookup("*." + host)) return *rule;
    }
  }
  if (const Rule* rule = lookup("")) return *rule;
  return default_;
}

Status Policy::Judge(const Rule& rule, const std::string& what, const std::string& scope) const {
  const std::string where = "'" + file_ + "' (" + scope + ")";
  switch (rule.verdict) {
    case Rule::Verdict::kAccept:
      return Ok();
    case Rule::Verdict::kReject:
      return Error(Code::kPermission, what + " is rejected by policy " + where);
    case Rule::Verdict::kUnsupported:
      break;
  }
  return Error(Code::kUnsupported, "policy " + where + " asks for " + rule.type +
                                       ", which can't be "
                                       "verified: " +
                                       what + " is refused")
      .Hint(
          "change the policy for this scope to insecureAcceptAnything, or point "
          "CONTAINERS_POLICY_JSON to another policy");
}

Status Policy::Check(const spec::Reference& reference) const {
  std::string scope;
  const Rule& rule = Find("docker", &reference, scope);
  return Judge(rule, "image " + reference.Name(), scope);
}

Status Policy::CheckTransport(std::string_view transport) const {
  std::string scope;
  const Rule& rule = Find(transport, nullptr, scope);
  return Judge(rule, std::string(transport) + " image", scope);
}

}  // namespace ctool::config
