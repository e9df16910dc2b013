// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/interrupt.hpp"
#include "engine/pull_plan_internal.hpp"
#include "engine/pull_progress_internal.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// What the steps of one pull work with.
struct PullSession {
  const PullPlan& plan;
  const storage::Store& store;
  state::Database& db;
  Interrupt& interrupt;
  PullProgress& progress;
};

}  // namespace ctool::engine
