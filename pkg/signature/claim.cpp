// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "signature/signature.hpp"

namespace ctool::signature {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDocument = 1 << 20;

Error Bad(const std::string& why) { return Error(Code::kCorrupt, "invalid signature document: " + why); }

// The member `key` of `object`, which must be of `type`; nullptr otherwise.
const Json* Member(const Json& object, const char* key, Json::value_t type) {
  const auto it = object.find(key);
  return it != object.end() && it->type() == type ? &*it : nullptr;
}

// Exactly these members: what else were in there, the signer may have meant as a restriction.
bool HasOnly(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, value] : object.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return false;
  return true;
}

bool HasDuplicateKeys(std::string_view text) {
  std::vector<std::set<std::string>> open;
  bool found = false;
  const Json::parser_callback_t look = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) found |= !open.back().insert(value.get<std::string>()).second;
    return true;
  };
  const Json whole = Json::parse(text, look, false);
  return found || whole.is_discarded();
}

}  // namespace

Result<Claim> ParseClaim(std::string_view document, Kind kind) {
  using Type = Json::value_t;
  if (document.size() > kMaxDocument) return Bad("too large");
  const Json doc = Json::parse(document, nullptr, false);
  if (!doc.is_object() || HasDuplicateKeys(document)) return Bad("not a JSON object, or one with a key twice");
  const Json* critical = Member(doc, "critical", Type::object);
  if (critical == nullptr || !HasOnly(doc, {"critical", "optional"})) return Bad("\"critical\" and \"optional\" are expected");
  const Json* type = Member(*critical, "type", Type::string);
  const Json* image = Member(*critical, "image", Type::object);
  const Json* identity = Member(*critical, "identity", Type::object);
  if (type == nullptr || image == nullptr || identity == nullptr || !HasOnly(*critical, {"type", "image", "identity"}))
    return Bad("in \"critical\" type, image and identity are expected");
  const char* wanted = kind == Kind::kSimpleSigning ? "atomic container signature" : "cosign container image signature";
  if (*type != wanted) return Bad("its type is not " + Quote(wanted));
  const Json* digest = Member(*image, "docker-manifest-digest", Type::string);
  const Json* reference = Member(*identity, "docker-reference", Type::string);
  if (digest == nullptr || !HasOnly(*image, {"docker-manifest-digest"})) return Bad("no docker-manifest-digest");
  if (reference == nullptr || !HasOnly(*identity, {"docker-reference"})) return Bad("no docker-reference");
  Claim claim;
  claim.manifest = TRY(spec::Digest::Parse(digest->get<std::string>()));
  claim.reference = reference->get<std::string>();
  return claim;
}

}  // namespace ctool::signature
