// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "engine/pull_plan_internal.hpp"
#include "registry/client.hpp"
#include "spec/digest.hpp"

namespace ctool::engine {

// Whether `manifest`, of `source` and from `endpoint`, has every signature that the policy asks for, for this name. One
// kPermission error otherwise, which says why none of those that are there will do.
Status CheckSignatures(const PullSource& source, const registry::Endpoint& endpoint,
                       const registry::Client::Options& options, const spec::Digest& manifest);

}  // namespace ctool::engine
