// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"
#include "registry/client.hpp"
#include "spec/image.hpp"

namespace ctool::engine {

// What an image name stands for, as entries of a list with the annotation where they are: an image or a list of the store,
// else of a registry. Of a list the one for the platform that `fetch` asks for, or `all`.
Result<std::vector<spec::Descriptor>> FindEntries(Engine& engine, const std::string& name, bool all,
                                                  const FetchOptions& fetch);

// The manifest or index of a name in a registry.
Result<std::string> ReadRemoteDocument(Engine& engine, const std::string& name, const FetchOptions& fetch);

// The registry of "docker.io/library/busybox".
Result<std::unique_ptr<registry::Client>> OpenRepository(Engine& engine, const std::string& repository,
                                                         const FetchOptions& fetch, const std::atomic<bool>* cancel);

}  // namespace ctool::engine
