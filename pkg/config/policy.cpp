// SPDX-License-Identifier: Apache-2.0
#include "config/policy.hpp"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "config/auth_internal.hpp"
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

  // All requirements of a list must be met: the strictest one decides, and of signatures each is needed.
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
      if (name == "insecureAcceptAnything") verdict = Verdict::kAccept;
      else if (name == "reject") verdict = Verdict::kReject;
      else if (name == "signedBy" || name == "sigstoreSigned")
        verdict = TRY(ReadSignature(requirement, name, where, rule)) ? Verdict::kSigned : Verdict::kUnsupported;
      else if (name != "signedBaseLayer")
        return Bad(where + ": unknown requirement " + Quote(name));
      if (verdict <= rule.verdict) continue;
      rule.verdict = verdict;
      rule.type = name;
    }
    return rule;
  }

  // False: it asks for what is not there (Fulcio, Rekor, other keys).
  Result<bool> ReadSignature(const nlohmann::json& requirement, const std::string& type, const std::string& where,
                             Policy::Rule& rule) {
    Policy::Rule::Signature signature;
    const bool gpg = type == "signedBy";
    signature.requirement.kind = gpg ? SignatureRequirement::Kind::kGpg : SignatureRequirement::Kind::kSigstore;
    for (const auto& [key, value] : requirement.items()) {
      if (key == "type") continue;
      if (key == "keyType" && gpg) {
        if (value != "GPGKeys" && value != "signedByGPGKeys") return false;
      } else if (key == "keyPath" || key == "keyData") {
        if (!value.is_string()) return Bad(where + ": " + key + " is no text");
        TRY(AddKey(key, value, where, signature));
      } else if (key == "keyPaths" || (key == "keyDatas" && !gpg)) {
        if (!value.is_array() || value.empty()) return Bad(where + ": " + key + " is no list");
        for (const nlohmann::json& one : value) {
          if (!one.is_string()) return Bad(where + ": " + key + " has something else than text in it");
          TRY(AddKey(key.substr(0, key.size() - 1), one, where, signature));
        }
      } else if (key == "signedIdentity") {
        signature.requirement.identity = TRY(ReadIdentity(value, where));
      } else if (!gpg && (key == "fulcio" || key == "pki" || StartsWith(key, "rekor"))) {
        return false;
      } else {
        return Bad(where + ": unknown key " + Quote(key));
      }
    }
    if (gpg && !requirement.contains("keyType")) return Bad(where + ": keyType is missing");
    if (signature.key_files.empty() && signature.requirement.keys.empty()) return Bad(where + ": no key is named");
    rule.signatures.push_back(std::move(signature));
    return true;
  }

  Status AddKey(const std::string& key, const nlohmann::json& value, const std::string& where,
                Policy::Rule::Signature& signature) const {
    const auto text = value.get<std::string>();
    if (key == "keyPath") {
      signature.key_files.push_back(text);
      return Ok();
    }
    std::optional<std::string> bytes = DecodeBase64(text);
    if (!bytes) return Bad(where + ": keyData is no base64");
    signature.requirement.keys.push_back(std::move(*bytes));
    return Ok();
  }

  Result<SignedIdentity> ReadIdentity(const nlohmann::json& identity, const std::string& where) const {
    if (!identity.is_object()) return Bad(where + ": signedIdentity is not an object");
    SignedIdentity out;
    for (const auto& [key, value] : identity.items()) {
      if (!value.is_string()) return Bad(where + ": signedIdentity: " + Quote(key) + " is no text");
      const auto text = value.get<std::string>();
      if (key == "type") out.type = text;
      else if (key == "dockerReference" || key == "dockerRepository") out.reference = text;
      else if (key == "prefix") out.prefix = text;
      else if (key == "signedPrefix") out.signed_prefix = text;
      else return Bad(where + ": signedIdentity: unknown key " + Quote(key));
    }
    const bool exact = out.type == "exactReference" || out.type == "exactRepository";
    if (!exact && out.type != "matchExact" && out.type != "matchRepoDigestOrExact" && out.type != "matchRepository" &&
        out.type != "remapIdentity")
      return Bad(where + ": signedIdentity: unknown type " + Quote(out.type));
    if (exact == out.reference.empty() || (out.type == "remapIdentity") == (out.prefix.empty() || out.signed_prefix.empty()))
      return Bad(where + ": signedIdentity: keys are missing, or there are too many");
    return out;
  }

  Policy& to_;
  const std::string& file_;
};

Result<Policy> Policy::LoadFrom(const std::string& file) {
  Policy policy;
  policy.file_ = file;
  if (Status read = PolicyReader(policy, file).Read(); !read.ok())
    return std::move(read).error().Hint("correct the file; see: ctool doctor");
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
    case Rule::Verdict::kSigned:
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

Result<std::vector<SignatureRequirement>> Policy::Requirements(const spec::Reference& reference) const {
  constexpr size_t kMaxKeyFile = 1 << 20;
  std::string scope;
  const Rule& rule = Find("docker", &reference, scope);
  std::vector<SignatureRequirement> out;
  if (rule.verdict != Rule::Verdict::kSigned) {
    TRY(Judge(rule, "image " + reference.Name(), scope));
    return out;
  }
  for (const Rule::Signature& signature : rule.signatures) {
    SignatureRequirement requirement = signature.requirement;
    for (const std::string& file : signature.key_files)
      requirement.keys.push_back(TRY_CTX("policy '" + file_ + "' (" + scope + ")", sys::ReadFile(file, kMaxKeyFile)));
    out.push_back(std::move(requirement));
  }
  return out;
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
