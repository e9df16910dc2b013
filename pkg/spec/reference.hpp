// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "spec/digest.hpp"

namespace ctool::spec {

// An image reference: [domain/]path[:tag][@digest], by the grammar of the distribution project.
// Normalised: domain is never empty ("docker.io" gets "library/" in front of single names).
struct Reference {
  std::string domain;  // "docker.io", "localhost", "127.0.0.1:5000"
  std::string path;    // "library/alpine"
  std::string tag;     // empty when there is none
  Digest digest;       // empty when there is none

  // As a user types it. No domain in it ("alpine", "library/alpine") is kInvalidArgument here:
  // see IsShortName. "docker.io/alpine" becomes docker.io/library/alpine. No tag and no digest:
  // tag "latest".
  static Result<Reference> Parse(std::string_view text);
  // The same, with `domain` put in front of a short name; "docker.io" adds "library/".
  static Result<Reference> ParseWithDomain(std::string_view text, std::string_view domain);

  std::string Repository() const;  // "docker.io/library/alpine"
  std::string Name() const;        // repository + ":tag" and/or "@digest"
  // What a registry is asked for: the digest, else the tag.
  std::string TagOrDigest() const;
  bool operator==(const Reference&) const = default;
};

// True when `text` has no domain: its first component has no '.', no ':' and is not "localhost",
// or there is only one component. (Grammar errors are left to Parse.)
bool IsShortName(std::string_view text);

}  // namespace ctool::spec
