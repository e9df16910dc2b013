// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"

namespace ctool::build {
namespace {

Status ReadMounts(const Request& request, Run& run) {
  for (const Flag& flag : request.flags) {
    if (flag.name != "mount") continue;
    const Result<Mount> mount = ParseMount(*flag.value);
    if (!mount.ok()) return request.FailAt(flag.offset, mount.error().text(), mount.error().hint());
    run.mounts.push_back({*flag.value, request.line.At(flag.offset)});
  }
  return Ok();
}

Status ReadNetwork(const Request& request, const Flags& flags, Run& run) {
  const Flag* flag = flags.Get("network");
  if (flag == nullptr) return Ok();
  if (*flag->value == "none") run.network = RunNetwork::kNone;
  else if (*flag->value == "host") run.network = RunNetwork::kHost;
  else if (*flag->value != "default")
    return request.FailAt(flag->offset, "unsupported network mode " + Quote(*flag->value),
                          "use default, none or host");
  return Ok();
}

// What a build without root can't give to a step.
Status RefusePrivileges(const Request& request, const Flags& flags) {
  const Flag* security = flags.Get("security");
  if (security != nullptr && *security->value == "insecure")
    return request.FailAt(security->offset, "--security=insecure is not supported",
                          "a rootless build has no more rights to give than its user has");
  if (security != nullptr && *security->value != "sandbox")
    return request.FailAt(security->offset, "unsupported security mode " + Quote(*security->value), "use sandbox");
  const Flag* device = flags.Get("device");
  if (device != nullptr)
    return request.FailAt(device->offset, "--device is not supported", "a build step gets no devices of the host");
  return Ok();
}

}  // namespace

Result<Body> ReadRun(Request& request) {
  const Flags flags = TRY(Flags::Check(
      request, {{"mount", FlagKind::kList}, {"network"}, {"security"}, {"device", FlagKind::kList}}));
  TRY(RefusePrivileges(request, flags));
  Run run;
  TRY(ReadMounts(request, run));
  TRY(ReadNetwork(request, flags, run));
  run.command = TRY(ReadCommand(request, request.arguments));
  if (run.command.words.empty()) return NeedsOne(request);
  run.heredocs = std::move(request.heredocs);
  return Body(std::move(run));
}

}  // namespace ctool::build
