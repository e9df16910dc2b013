// SPDX-License-Identifier: Apache-2.0
//
// systemd inside (--systemd) and outside (--sdnotify) of the container.
#include <algorithm>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

bool RunsSystemd(const std::vector<std::string>& argv) {
  constexpr std::string_view kPrograms[] = {"/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init"};
  if (argv.empty()) return false;
  const std::string& program = argv[0];
  return program.substr(program.rfind('/') + 1) == "systemd" || std::find(std::begin(kPrograms), std::end(kPrograms), program) != std::end(kPrograms);
}

// What systemd expects of a container manager: https://systemd.io/CONTAINER_INTERFACE.
void Prepare(const FoldInput& in, ContainerSpec& spec) {
  const bool named = std::any_of(spec.env.begin(), spec.env.end(), [](const std::string& e) { return StartsWith(e, "container_uuid="); });
  if (!named) AddEnv(spec.env, "container_uuid=" + spec.id.substr(0, 32));
  if (in.options.stop_signal.empty() && in.image.stop_signal.empty()) spec.stop_signal = "SIGRTMIN+3";
}

}  // namespace

Status FoldSystemd(const FoldInput& in, ContainerSpec& spec) {
  const std::string mode = ToLower(in.options.systemd);
  if (!mode.empty() && mode != "always" && mode != "true" && mode != "false")
    return Error(Code::kInvalidArgument, R"(invalid config provided: --systemd values must be one of "true, false, always": invalid configuration)");
  const std::string& notify = in.options.sdnotify;
  if (!notify.empty() && notify != "container" && notify != "conmon" && notify != "ignore")
    return Error(Code::kInvalidArgument, "invalid config provided: invalid argument: invalid sdnotify value " + Quote(notify) +
                                             ": must be container, conmon or ignore");
  spec.sdnotify = notify.empty() ? "container" : notify;
  spec.systemd = mode == "always" || (mode != "false" && RunsSystemd(spec.Argv()));
  if (spec.systemd) Prepare(in, spec);
  return Ok();
}

}  // namespace ctool::engine
