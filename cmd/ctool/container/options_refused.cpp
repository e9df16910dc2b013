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
    {"decryption-key", "images are not encrypted"},
};

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
}

}  // namespace ctool
