// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "events/read.hpp"

namespace ctool::engine {

struct EventsOptions {
  bool stream = true;                   // go on with what happens
  std::optional<int64_t> since, until;  // wall ns
  std::vector<std::string> filters;
};
// False: no more are wanted.
using EventSink = std::function<Result<bool>(const events::Event& event)>;

// What has happened: with `stream` and no times only what happens from now on. Ends at `until`.
Status StreamEvents(Engine& engine, const EventsOptions& options, const EventSink& sink);

}  // namespace ctool::engine
