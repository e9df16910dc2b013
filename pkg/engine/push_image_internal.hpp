// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/push.hpp"
#include "engine/push_layers_internal.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// One push: what it works with, and for whom.
struct PushSession {
  Engine& engine;
  const PushOptions& options;
  std::string registry;    // of the destination, as names have it: "docker.io"; "" for archives
  std::string repository;  // in it
  PushTarget& target;
  PullProgress& progress;
  Interrupt& interrupt;
};

// Sends blobs and manifest of one image; `part` as in PushTarget::PutManifest. Returns the manifest as it is there.
Result<transport::Document> PushImage(const PushSession& session, const state::Image& image, bool part);

// kInvalidArgument for a format or compression that is not there.
Status CheckPushOptions(const PushOptions& options);

// The whole of a push but the image itself: opens the destination, tells the user, stops for signals. `work` sends and
// returns the manifest's document. `repositories` ("docker.io/library/busybox") may have blobs that can be mounted.
Result<std::string> RunPush(Engine& engine, const PushOptions& options, const PushDestination& destination,
                            const std::vector<std::string>& repositories,
                            const std::function<Result<transport::Document>(const PushSession&)>& work);

}  // namespace ctool::engine
