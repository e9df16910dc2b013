// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "monitor/config.hpp"
#include "runtime/frame.hpp"
#include "sys/child.hpp"

namespace ctool::monitor {

// RUN_DIR/health.json, which is there while a container with a health check runs, and after its end.
struct HealthState {
  struct Check {
    int64_t start = 0, end = 0;  // wall ns
    int exit_code = 0;           // -1: it took too long
    std::string output;
  };
  std::string status = "starting";  // "healthy", "unhealthy"
  int64_t failing_streak = 0;
  std::vector<Check> log;  // the last ones, oldest first

  static Result<HealthState> Parse(std::string_view bytes);
  std::string Print() const;
};
std::string HealthFile(const std::string& run_dir);

// What the end of a check asks for.
enum class HealthAction { kNone, kKill, kStop, kRestart };

// When a container's health is to be checked, and what follows. The checks themselves run in children of the monitor.
class Health {
 public:
  explicit Health(const Config& config) : config_(config) {}

  // Not of a container without a check.
  bool exists() const { return !config_.health.process.empty(); }
  // A run of the container begins: its first check is due at once.
  void Begin();
  // The configuration has changed. What is there now counts from the next check on, which is due an interval from now;
  // at once where there was none.
  void Adapt();
  int64_t due_ns() const { return due_ns_; }  // on CLOCK_MONOTONIC; 0: nothing is due
  // One check, in a child; `client` (may be closed) is told how it went, as a kExited frame: "0 healthy". The timer's
  // own checks are never more than one at a time. A check that the container's end has cut short counts for nothing.
  Result<sys::Child> Check(const sys::Child& container, const runtime::SyncSocket& client);
  // A check of the timer's has ended: the next one is due an interval later.
  void Schedule();
  HealthAction ActionOf(const sys::ExitStatus& check) const;

 private:
  const Config& config_;
  int64_t began_ns_ = 0, due_ns_ = 0;
};

}  // namespace ctool::monitor
