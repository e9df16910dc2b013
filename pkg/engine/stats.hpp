// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// What a container uses, at one moment. All zero for one that does not run.
struct Usage {
  int64_t taken = 0;    // when, monotonic ns
  int64_t cpu = 0;      // processor time since its start, ns
  int64_t up = 0;       // since its start, ns
  int64_t memory = 0, memory_limit = 0;  // bytes; a container without a limit has the machine's memory
  int64_t pids = 0;                      // processes and threads
  int64_t net_in = 0, net_out = 0, block_in = 0, block_out = 0;  // bytes
  std::string counted;  // what was added up process by process, as no control group says it: "memory, processes"
};

// kNotFound: the container is gone.
Result<Usage> UsageOf(Engine& engine, const std::string& id);

// Sums over the lines of /proc/PID/net/dev, without lo, and of io.stat. Exposed for tests.
void AddNetwork(std::string_view net_dev, Usage& usage);
void AddBlockIo(std::string_view io_stat, Usage& usage);

}  // namespace ctool::engine
