// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/push_image_internal.hpp"

namespace ctool::engine {

// The repositories ("docker.io/library/busybox") that a list has images from.
Result<std::vector<std::string>> ListRepositories(Engine& engine, const state::Image& list);

// Sends a list and, with options.all, its images: those of the store, and those of registries from there.
Result<transport::Document> PushListTo(const PushSession& session, const state::Image& list);

}  // namespace ctool::engine
