// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "config/paths.hpp"
#include "config/registries.hpp"
#include "engine/options.hpp"
#include "registry/client.hpp"

namespace ctool::engine {

// How to talk to a registry: registries.conf, certs.d, the command line, and the credentials that are kept for it.
Result<registry::Endpoint> EndpointFor(const config::Paths& paths, const FetchOptions& fetch,
                                       const config::RegistryLocation& location);
Result<registry::Client::Options> ClientOptions(const FetchOptions& fetch);
// --creds USER:PASSWORD
Result<registry::Credentials> ParseCredentials(const std::string& text);

}  // namespace ctool::engine
