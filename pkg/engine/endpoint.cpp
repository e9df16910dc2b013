// SPDX-License-Identifier: Apache-2.0
#include "engine/endpoint_internal.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "config/auth.hpp"
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

}  // namespace

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

}  // namespace ctool::engine
