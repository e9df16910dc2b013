// SPDX-License-Identifier: Apache-2.0
//
// podman's options of run and create that do nothing here. They are known, so that the answer is
// why, and not "unknown flag".
#include <string>

#include "base/text.hpp"
#include "ctool/container/options.hpp"

namespace ctool {
namespace {

struct Refused {
  std::string_view name;
  std::string_view why;
  bool alone = false;  // it takes no value
};

constexpr std::string_view kNoPods = "there are no pods";
constexpr std::string_view kNoStartup = "there is one health check a container; --health-start-period gives it time to start";
constexpr std::string_view kNotYet = "";

constexpr Refused kRefused[] = {
    {"pod", kNoPods},
    {"pod-id-file", kNoPods},
    {"init-ctr", kNoPods},
    {"health-startup-cmd", kNoStartup},
    {"health-startup-interval", kNoStartup},
    {"health-startup-retries", kNoStartup},
    {"health-startup-success", kNoStartup},
    {"health-startup-timeout", kNoStartup},
    {"health-log-destination", "the log is with the container's other state, for inspect"},
    {"device-cgroup-rule", "device cgroup rules are not supported in rootless mode or in a user namespace"},
    {"cgroup-parent", kNotYet},
    {"cgroup-conf", kNotYet},
    {"decryption-key", "images are not encrypted"},
    {"oom-kill-disable", "it needs the memory controller of cgroup v1", true},
};

// Limits of control groups: asked for in scripts that would rather run without than not at all.
constexpr std::pair<std::string_view, char> kLimits[] = {
    {"cpu-shares", 'c'}, {"cpu-period", 0}, {"cpu-quota", 0}, {"cpu-rt-period", 0}, {"cpu-rt-runtime", 0},
    {"cpuset-cpus", 0}, {"cpuset-mems", 0}, {"memory-reservation", 0}, {"memory-swappiness", 0}, {"kernel-memory", 0},
    {"blkio-weight", 0}, {"blkio-weight-device", 0}, {"device-read-bps", 0}, {"device-read-iops", 0},
    {"device-write-bps", 0}, {"device-write-iops", 0}};

}  // namespace

void AddRefusedOptions(std::vector<cli::Option>& into, engine::CreateOptions& o) {
  for (const Refused& r : kRefused) {
    const auto refuse = [&o, &r](std::string_view value) {
      if (r.alone && value == "false") return Ok();
      o.refused = "--" + std::string(r.name) + " is not supported" + (r.why.empty() ? "" : ": " + std::string(r.why));
      return Ok();
    };
    into.push_back({.name = r.name, .help = "Refused", .sink = cli::Setter(refuse), .implied = r.alone ? "true" : "", .hidden = true});
  }
  AddUnappliedLimits(into, o);
}

void AddUnappliedLimits(std::vector<cli::Option>& into, engine::CreateOptions& o) {
  for (const auto& [name, letter] : kLimits) {
    const auto note = [&o, name = name](std::string_view) {
      o.unapplied_limits.push_back("--" + std::string(name));
      return Ok();
    };
    into.push_back({.name = name, .short_name = letter, .help = "Not applied, with a warning", .sink = cli::Setter(note), .hidden = true});
  }
}

}  // namespace ctool
