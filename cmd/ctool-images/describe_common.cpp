// SPDX-License-Identifier: Apache-2.0
//
// Options that commands which talk to registries have in common.
#include "ctool-images/commands.hpp"

namespace ctool {

cli::Option AuthFileOption(std::string& sink) {
  return {.name = "authfile", .value = "file", .help = "File with the credentials for registries", .sink = &sink,
          .complete = cli::Complete::kFiles};
}

cli::Option CertDirOption(std::string& sink) {
  return {.name = "cert-dir", .value = "folder", .help = "Certificates for registries", .sink = &sink,
          .complete = cli::Complete::kDirectories};
}

cli::Option TlsVerifyOption(std::optional<bool>& sink) {
  return {.name = "tls-verify", .help = "Require HTTPS and verify certificates", .sink = &sink};
}

void AddCredentialOptions(std::vector<cli::Option>& into, engine::FetchOptions& o) {
  into.push_back(AuthFileOption(o.authfile));
  into.push_back({.name = "creds", .value = "user[:password]", .help = "Credentials for this registry", .sink = &o.creds});
  into.push_back(CertDirOption(o.cert_dir));
  into.push_back(TlsVerifyOption(o.tls_verify));
}

void AddRegistryOptions(std::vector<cli::Option>& into, engine::FetchOptions& o) {
  AddCredentialOptions(into, o);
  into.push_back({.name = "retry", .value = "number", .help = "How often to try again", .sink = &o.retry});
  into.push_back({.name = "retry-delay", .value = "duration", .help = "Time between tries", .sink = &o.retry_delay});
  into.push_back({.name = "quiet", .short_name = 'q', .help = "Show no progress", .sink = &o.quiet});
}

}  // namespace ctool
