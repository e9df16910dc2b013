// SPDX-License-Identifier: Apache-2.0
//
// What a failed transfer means to a user.
#pragma once

#include <string>

#include "http/client.hpp"
#include "registry/client.hpp"

namespace ctool::registry {

// "docker.io" for Docker Hub's real host name, else the host.
std::string DisplayHost(const Endpoint& endpoint);
// "docker.io/library/alpine"
std::string DisplayName(const Endpoint& endpoint);

// The error for a transfer that failed or was answered with an HTTP error status. `missing` is
// what 404 means here: "manifest unknown".
Error Explain(const Endpoint& endpoint, const http::Transfer& transfer, std::string_view missing);

// The same for a request that adds to the repository.
Error ExplainUpload(const Endpoint& endpoint, const http::Transfer& transfer);

// The first message of a registry's JSON error document: Printable, at most 300 bytes; empty when
// the body is something else.
std::string ServerMessage(const http::Response& response);

}  // namespace ctool::registry
