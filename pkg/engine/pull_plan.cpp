// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_plan_internal.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "config/policy.hpp"
#include "config/registries.hpp"
#include "engine/endpoint_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Result<std::vector<registry::Endpoint>> EndpointsFor(const config::Paths& paths,
                                                     const config::Registries& registries,
                                                     const config::Policy& policy,
                                                     const FetchOptions& fetch,
                                                     PullSource& source) {
  const spec::Reference& reference = source.reference;
  source.signatures = TRY(policy.Requirements(reference));
  if (!source.signatures.empty()) source.signature_store = TRY(config::FindSignatureStore(reference));
  std::vector<registry::Endpoint> endpoints;
  for (const config::RegistryLocation& location : TRY(registries.Locations(reference)))
    endpoints.push_back(TRY(EndpointFor(paths, fetch, location)));
  return endpoints;
}

}  // namespace

// A source that can't be used is kept with its reason: another one may do, and if none does, the
// user learns about each.
Status PlanSources(Engine& engine, const FetchOptions& fetch, PullPlan& plan) {
  const config::Paths& paths = *TRY(engine.Paths());
  const config::Registries registries = TRY(config::Registries::Load());
  const config::Policy policy = TRY(config::Policy::Load());
  if (!fetch.creds.empty()) TRY(ParseCredentials(fetch.creds));
  // A short name for which there is a local build means that build: nothing else may replace it.
  const bool local_build = plan.local && StartsWith(plan.local->name, "localhost/");
  const std::string name = local_build ? plan.local->name : plan.name;
  for (config::Registries::Candidate& candidate :
       TRY(registries.ResolveForPull(name, config::Registries::Prompt::kImpossible))) {
    PullSource source;
    source.reference = std::move(candidate.reference);
    if (!source.reference.digest.empty()) source.reference.tag.clear();
    source.alias_file = std::move(candidate.alias_file);
    Result<std::vector<registry::Endpoint>> endpoints =
        EndpointsFor(paths, registries, policy, fetch, source);
    if (endpoints.ok())
      source.endpoints = std::move(*endpoints);
    else
      source.refused = std::move(endpoints).error();
    plan.sources.push_back(std::move(source));
  }
  return Ok();
}

Result<PullPlan> PlanPull(Engine& engine, const std::string& name, const std::string& policy,
                          const FetchOptions& fetch) {
  if (policy != "always" && policy != "missing" && policy != "newer" && policy != "never")
    return Error(Code::kInvalidArgument, "unsupported pull policy " + Quote(policy))
        .Hint("it is one of always, missing, newer, never");
  PullPlan plan;
  plan.name = TRY(WithoutTransport(name));
  plan.policy = policy;
  plan.quiet = fetch.quiet;
  plan.platform = TRY(PlatformFrom(fetch));
  plan.client = TRY(ClientOptions(fetch));
  const config::Paths& paths = *TRY(engine.Paths());
  plan.store = GlobalOptions{paths.graph_root, paths.run_root};
  {
    // An engine of its own, so that the database is closed again: a connection must not live
    // across the fork into the user namespace.
    Engine here(plan.store);
    plan.local = TRY(FindImage(here, plan.name));
  }
  const bool satisfied =
      plan.local && (policy == "never" ||
                     (policy == "missing" &&
                      (!plan.platform.asked ||
                       PlatformMismatch(TRY(PlatformOf(plan.local->image)), plan.platform).empty())));
  if (satisfied) {
    plan.policy = "never";  // nothing is left to be fetched
    return plan;
  }
  if (policy == "never") return ImageNotKnown(plan.name);
  TRY(PlanSources(engine, fetch, plan));
  plan.map = TRY(userns::DefaultMap());
  return plan;
}

}  // namespace ctool::engine
