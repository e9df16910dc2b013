// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "signature/signature.hpp"

namespace ctool::signature {
namespace {

Error Mismatch(const std::string& claimed, const std::string& wanted) {
  return Error(Code::kPermission, "Signature for identity " + Quote(claimed) + " is not accepted for " + Quote(wanted));
}

// A reference as it stands in a signature: whole, with its domain, and without a tag that nobody wrote.
struct Written {
  spec::Reference reference;
  bool named_only = false;
};
Result<Written> Read(const std::string& text) {
  Written out;
  out.reference = TRY(spec::Reference::Parse(text));
  const size_t slash = text.rfind('/');
  out.named_only = text.find_first_of(":@", slash == std::string::npos ? 0 : slash) == std::string::npos;
  return out;
}

bool SameExactly(const Written& claimed, const spec::Reference& wanted) {
  return !claimed.named_only && claimed.reference == wanted;
}

// With a digest in what is wanted the digest says everything: the name of the repository is enough.
bool MatchRepoDigestOrExact(const Written& claimed, const spec::Reference& wanted) {
  if (!wanted.digest.empty()) return !claimed.named_only && claimed.reference.Repository() == wanted.Repository();
  return SameExactly(claimed, wanted);
}

// `prefix` is `name` itself or what stands in front of a separator in it.
bool Begins(const std::string& name, const std::string& prefix) {
  return StartsWith(name, prefix) &&
         (name.size() == prefix.size() || name[prefix.size()] == '/' || name[prefix.size()] == ':' || name[prefix.size()] == '@');
}

}  // namespace

Status MatchIdentity(const config::SignedIdentity& identity, const std::string& claimed, const spec::Reference& wanted) {
  Result<Written> written = Read(claimed);
  if (!written.ok()) return Mismatch(claimed, wanted.Name());
  const std::string& type = identity.type;
  bool good = false;
  if (type == "matchExact") {
    good = SameExactly(*written, wanted);
  } else if (type == "matchRepoDigestOrExact") {
    good = MatchRepoDigestOrExact(*written, wanted);
  } else if (type == "matchRepository") {
    good = written->reference.Repository() == wanted.Repository();
  } else if (type == "exactReference") {
    good = SameExactly(*written, TRY(spec::Reference::Parse(identity.reference)));
  } else if (type == "exactRepository") {
    good = written->reference.Repository() == TRY(spec::Reference::Parse(identity.reference)).Repository();
  } else if (type == "remapIdentity") {
    const std::string name = wanted.Name();
    const std::string mapped = Begins(name, identity.prefix) ? identity.signed_prefix + name.substr(identity.prefix.size()) : name;
    Result<spec::Reference> there = spec::Reference::Parse(mapped);
    good = there.ok() && MatchRepoDigestOrExact(*written, *there);
  }
  if (good) return Ok();
  return Mismatch(claimed, wanted.Name());
}

}  // namespace ctool::signature
