// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "spec/reference.hpp"

namespace ctool::config {

// containers-policy.json(5): which images may be used. "insecureAcceptAnything" and "reject" are
// honoured, per scope; a scope that asks for signatures (signedBy, sigstoreSigned) refuses every
// image, because they can't be checked here.
class Policy {
 public:
  // CONTAINERS_POLICY_JSON, else the first of ~/.config/containers, /etc/containers,
  // /usr/share/containers. No file anywhere: everything is accepted, and file() is empty.
  // kCorrupt for a file that is no policy: nothing is accepted by accident.
  static Result<Policy> Load();
  static Result<Policy> LoadFrom(const std::string& file);

  // For an image of a registry. kPermission: rejected; kUnsupported: needs a signature check.
  Status Check(const spec::Reference& reference) const;
  // For an archive or a folder: "docker-archive", "oci-archive", "oci", "dir".
  Status CheckTransport(std::string_view transport) const;

  const std::string& file() const { return file_; }

 private:
  friend class PolicyReader;
  struct Rule {
    enum class Verdict { kAccept, kReject, kUnsupported };
    Verdict verdict = Verdict::kAccept;
    std::string type;  // the requirement that decided
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
