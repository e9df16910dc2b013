// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/policy.hpp"
#include "config/signature_store.hpp"
#include "engine/engine.hpp"
#include "engine/image_lookup_internal.hpp"
#include "registry/client.hpp"
#include "spec/reference.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// One image that the name may mean, and where to get it.
struct PullSource {
  spec::Reference reference;
  std::string alias_file;                      // the short-name alias it came from, if any
  std::vector<registry::Endpoint> endpoints;   // mirrors first
  std::vector<config::SignatureRequirement> signatures;  // all of which it must have
  config::SignatureStore signature_store;                // where they are
  std::optional<Error> refused;                // why it must not or can't be tried
};

// A pull with everything settled that needs the invoking user's uid, HOME and configuration: inside
// the user namespace the user is root, and these would be somebody else's.
struct PullPlan {
  std::string name;    // as typed, without transport
  std::string policy;  // "always", "missing", "newer", "never"
  std::vector<PullSource> sources;  // best first
  AskedPlatform platform;
  registry::Client::Options client;
  userns::IdMap map;
  GlobalOptions store;  // where the images go
  bool quiet = false;
  // The image that is already here under the name, for the policies that want to know.
  std::optional<FoundImage> local;
};

Result<PullPlan> PlanPull(Engine& engine, const std::string& name, const std::string& policy,
                          const FetchOptions& fetch);

// The sources alone, for `plan.name`.
Status PlanSources(Engine& engine, const FetchOptions& fetch, PullPlan& plan);

}  // namespace ctool::engine
