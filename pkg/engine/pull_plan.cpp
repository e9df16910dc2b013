// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_plan_internal.hpp"

#include <array>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "config/auth.hpp"
#include "config/policy.hpp"
#include "config/registries.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr std::string_view kDockerHost = "registry-1.docker.io";

// containers-certs.d(5): the first folder for this host that exists.
std::vector<std::string> CertDirs(const config::Paths& paths, const std::string& host) {
  const std::array folders = {paths.config_home + "/containers/certs.d",
                              std::string("/etc/containers/certs.d"),
                              std::string("/usr/share/containers/certs.d"),
                              std::string("/etc/docker/certs.d")};
  for (const std::string& folder : folders)
    if (const std::string dir = folder + "/" + host; sys::Exists(dir)) return {dir};
  return {};
}

// --creds USER:PASSWORD
Result<registry::Credentials> ParseCredentials(const std::string& text) {
  const size_t colon = text.find(':');
  registry::Credentials out;
  out.username = text.substr(0, colon);
  if (out.username.empty())
    return Error(Code::kInvalidArgument, "credentials have no user name: --creds is USER:PASSWORD");
  if (colon == std::string::npos)
    return Error(Code::kInvalidArgument, "credentials of " + Quote(out.username) +
                                             " have no password: --creds is USER:PASSWORD")
        .Hint("`ctool login` asks for the password and keeps it");
  out.password = text.substr(colon + 1);
  return out;
}

Result<registry::Endpoint> EndpointFor(const config::Paths& paths, const FetchOptions& fetch,
                                       const config::RegistryLocation& location) {
  registry::Endpoint endpoint;
  endpoint.host = location.host == "docker.io" ? std::string(kDockerHost) : location.host;
  endpoint.repository = location.repository;
  // What the command line says about TLS wins over registries.conf, in both directions.
  endpoint.allow_http = fetch.tls_verify ? !*fetch.tls_verify : location.insecure;
  endpoint.skip_tls_verify = endpoint.allow_http;
  endpoint.cert_dirs = fetch.cert_dir.empty() ? CertDirs(paths, location.host)
                                              : std::vector<std::string>{fetch.cert_dir};
  if (!fetch.creds.empty()) {
    endpoint.credentials = TRY(ParseCredentials(fetch.creds));
    return endpoint;
  }
  config::StoredCredentials stored =
      TRY(config::FindCredentials(fetch.authfile, location.host, location.repository));
  endpoint.credentials = {std::move(stored.username), std::move(stored.password),
                          std::move(stored.identity_token)};
  return endpoint;
}

Result<std::vector<registry::Endpoint>> EndpointsFor(const config::Paths& paths,
                                                     const config::Registries& registries,
                                                     const config::Policy& policy,
                                                     const FetchOptions& fetch,
                                                     const spec::Reference& reference) {
  TRY(policy.Check(reference));
  std::vector<registry::Endpoint> endpoints;
  for (const config::RegistryLocation& location : TRY(registries.Locations(reference)))
    endpoints.push_back(TRY(EndpointFor(paths, fetch, location)));
  return endpoints;
}

// A source that can't be used is kept with its reason: another one may do, and if none does, the
// user learns about each.
Status AddSources(Engine& engine, const FetchOptions& fetch, PullPlan& plan) {
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
        EndpointsFor(paths, registries, policy, fetch, source.reference);
    if (endpoints.ok())
      source.endpoints = std::move(*endpoints);
    else
      source.refused = std::move(endpoints).error();
    plan.sources.push_back(std::move(source));
  }
  return Ok();
}

Result<registry::Client::Options> ClientOptions(const FetchOptions& fetch) {
  registry::Client::Options options;
  if (fetch.retry < 0)
    return Error(Code::kInvalidArgument, "--retry must not be negative");
  options.retries = static_cast<int>(std::min<int64_t>(fetch.retry, 100));
  if (!fetch.retry_delay.empty()) {
    const std::optional<int64_t> nanos = ParseGoDuration(fetch.retry_delay);
    if (!nanos || *nanos < 0)
      return Error(Code::kInvalidArgument,
                   "invalid --retry-delay " + Quote(fetch.retry_delay) + ": it is 2s, 1m30s, ...");
    options.retry_delay_ms = *nanos / 1'000'000;
  }
  options.user_agent = "ctool/" CTOOL_VERSION;
  return options;
}

}  // namespace

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
  TRY(AddSources(engine, fetch, plan));
  plan.map = TRY(userns::DefaultMap());
  return plan;
}

}  // namespace ctool::engine
