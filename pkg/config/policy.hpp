// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/reference.hpp"

namespace ctool::config {

// Which name a signature must have been made for.
struct SignedIdentity {
  // matchExact, matchRepoDigestOrExact, matchRepository, exactReference, exactRepository, remapIdentity
  std::string type = "matchRepoDigestOrExact";
  std::string reference;              // of exactReference and exactRepository
  std::string prefix, signed_prefix;  // of remapIdentity
};

// A signature that an image must have.
struct SignatureRequirement {
  enum class Kind { kGpg, kSigstore } kind = Kind::kGpg;
  std::vector<std::string> keys;  // what the key files hold; any one of them will do
  SignedIdentity identity;
};

// containers-policy.json(5): which images may be used, per scope. "insecureAcceptAnything", "reject", "signedBy" with
// OpenPGP keys and "sigstoreSigned" with public keys are honoured; a scope with any other requirement refuses every image.
class Policy {
 public:
  // CONTAINERS_POLICY_JSON, else the first of ~/.config/containers, /etc/containers,
  // /usr/share/containers. No file anywhere: everything is accepted, and file() is empty.
  // kCorrupt for a file that is no policy: nothing is accepted by accident.
  static Result<Policy> Load();
  static Result<Policy> LoadFrom(const std::string& file);

  // For an image of a registry: the signatures that it must have, all of them; none of them means that it is accepted.
  // kPermission: rejected; kUnsupported: asks for what can't be checked here. The keys are read.
  Result<std::vector<SignatureRequirement>> Requirements(const spec::Reference& reference) const;
  // The same for who can't check signatures: they are refused as kUnsupported.
  Status Check(const spec::Reference& reference) const;
  // For an archive or a folder: "docker-archive", "oci-archive", "oci", "dir".
  Status CheckTransport(std::string_view transport) const;

  const std::string& file() const { return file_; }

 private:
  friend class PolicyReader;
  struct Rule {
    enum class Verdict { kAccept, kSigned, kUnsupported, kReject };  // stricter ones last
    Verdict verdict = Verdict::kAccept;
    std::string type;  // the requirement that decided
    // kSigned: with the names of the key files in place of the keys, or their contents with keyData.
    struct Signature {
      SignatureRequirement requirement;
      std::vector<std::string> key_files;
    };
    std::vector<Signature> signatures;
  };
  using Scopes = std::map<std::string, Rule, std::less<>>;
  const Rule& Find(std::string_view transport, const spec::Reference* reference,
                   std::string& scope) const;
  Status Judge(const Rule& rule, const std::string& what, const std::string& scope) const;

  Rule default_;
  std::map<std::string, Scopes, std::less<>> transports_;
  std::string file_;
};

}  // namespace ctool::config
