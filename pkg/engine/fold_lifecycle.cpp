// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/signal_option.hpp"
#include "sys/file.hpp"
#include "sys/signals.hpp"

namespace ctool::engine {
namespace {

Status FoldLabels(const FoldInput& in, ContainerSpec& spec) {
  const auto set = [](std::map<std::string, std::string>& into, const std::string& text) {
    const size_t equals = text.find('=');
    into[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  };
  spec.labels = in.image.labels;
  // Lines as in an environment file, with its rules.
  std::vector<std::string> lines;
  for (const std::string& path : in.options.label_file) TRY_CTX("unable to process labels", AddEnvFile(lines, path));
  for (const std::string& line : lines) set(spec.labels, line);
  for (const std::string& label : in.options.label) {
    if (label.empty() || label[0] == '=')
      return Error(Code::kInvalidArgument, "unable to process labels: invalid label format: " + Quote(label));
    set(spec.labels, label);
  }
  for (const std::string& annotation : in.options.annotation) {
    if (annotation.find('=') == std::string::npos || annotation[0] == '=')
      return Error(Code::kInvalidArgument, "invalid annotation " + Quote(annotation) + ": wanted KEY=VALUE");
    set(spec.annotations, annotation);
  }
  return Ok();
}

Result<std::string> Absolute(const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  return TRY(sys::ReadLinkAt(AT_FDCWD, "/proc/self/cwd")) + "/" + path;
}

// The file is renamed into its folder once the container exists, when it is late to find that it
// can't be.
Status CheckIdFile(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (path.empty() || ::access(folder.c_str(), W_OK | X_OK) == 0) return Ok();
  return Error::Sys(errno, "open cidfile", path).As(Code::kInvalidArgument);
}

}  // namespace

Status FoldRestart(const CreateOptions& o, ContainerSpec& spec) {
  const size_t colon = o.restart.find(':');
  const std::string policy = o.restart.substr(0, colon);
  const bool known = policy.empty() || policy == "no" || policy == "always" ||
                     policy == "unless-stopped" || policy == "on-failure";
  if (!known)
    return Error(Code::kInvalidArgument,
                 "restart policy " + Quote(policy) + " is not one of no, on-failure, always, unless-stopped");
  spec.restart_retries = 0;
  if (colon != std::string::npos) {
    const std::optional<uint64_t> retries = ParseUint(std::string_view(o.restart).substr(colon + 1));
    if (policy != "on-failure")
      return Error(Code::kInvalidArgument, "restart policy " + Quote(policy) + " takes no count of retries");
    if (!retries || *retries > INT32_MAX)
      return Error(Code::kInvalidArgument, "invalid count of retries in " + Quote(o.restart));
    spec.restart_retries = static_cast<int64_t>(*retries);
  }
  spec.restart_policy = policy;
  return Ok();
}

Result<int64_t> ParseBytes(const std::string& text, const std::string& option, double kilo) {
  const Error invalid(Code::kInvalidArgument, "invalid size " + Quote(text) + " for " + option +
                                                  ": wanted a number with b, k, m, g or t");
  const std::string lower = ToLower(text);
  size_t digits = 0;
  while (digits < lower.size() && ((lower[digits] >= '0' && lower[digits] <= '9') || lower[digits] == '.')) ++digits;
  std::string unit = lower.substr(digits);
  if (EndsWith(unit, "ib")) unit.erase(unit.size() - 2);
  else if (unit.size() > 1 && unit.back() == 'b') unit.pop_back();
  constexpr std::string_view kUnits = "bkmgtp";
  const size_t power = unit.empty() ? 0 : kUnits.find(unit);
  if (digits == 0 || unit.size() > 1 || power == std::string_view::npos) return invalid;
  char* end = nullptr;
  const std::string number = lower.substr(0, digits);
  const double value = std::strtod(number.c_str(), &end) * std::pow(kilo, static_cast<double>(power));
  if (*end != '\0' || !(value >= 0) || value > 9.0e18) return invalid;
  return static_cast<int64_t>(value);
}

Status CheckOptions(const CreateOptions& o) {
  const bool keeps = o.restart.empty() || o.restart == "no" || StartsWith(o.restart, "on-failure");
  if (!o.refused.empty()) return Error(Code::kUnsupported, o.refused);
  if (o.rmi && !o.rm.value_or(true))
    return Error(Code::kInvalidArgument, "the --rmi option does not work without --rm");
  if ((o.rm.value_or(false) || o.rmi) && !keeps)
    return Error(Code::kInvalidArgument,
                 R"(the --rm option conflicts with --restart, when the restartPolicy is not "" and "no")");
  if (o.no_hosts && !o.hosts_file.empty())
    return Error(Code::kInvalidArgument, "--no-hosts and --hosts-file cannot be set together");
  if (!o.seccomp_policy.empty() && o.seccomp_policy != "default" && o.seccomp_policy != "image")
    return Error(Code::kInvalidArgument, "invalid seccomp policy " + Quote(o.seccomp_policy) + R"(: valid policies are ["default" "image"])");
  if (!o.personality.empty() && o.personality != "LINUX" && o.personality != "LINUX32")
    return Error(Code::kNotExecutable, "unknown persona specified " + Quote(o.personality) + ": wanted LINUX or LINUX32");
  if (o.no_hosts && !o.add_host.empty())
    return Error(Code::kInvalidArgument, "--no-hosts and --add-host cannot be set together");
  if (!o.fetch.platform.empty() && (!o.fetch.arch.empty() || !o.fetch.os.empty()))
    return Error(Code::kInvalidArgument, "--platform option can not be specified with --arch or --os");
  if (!o.name.empty()) TRY(CheckName(o.name[0] == '/' ? std::string_view(o.name).substr(1) : o.name));
  if (o.replace && o.name.empty())
    return Error(Code::kInvalidArgument, "cannot replace container without --name being set");
  if (o.stop_timeout && (*o.stop_timeout < -1 || *o.stop_timeout > INT32_MAX))
    return Error(Code::kInvalidArgument, "invalid stop timeout " + std::to_string(*o.stop_timeout));
  if (o.timeout < 0) return Error(Code::kInvalidArgument, "invalid timeout " + std::to_string(o.timeout));
  return CheckIdFile(o.cidfile);
}

Status FoldLifecycle(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  TRY(FoldRestart(o, spec));
  TRY(FoldLabels(in, spec));
  TRY(FoldLog(in, spec));
  const std::string signal_text = !o.stop_signal.empty() ? o.stop_signal
                                  : !in.image.stop_signal.empty() ? in.image.stop_signal : "SIGTERM";
  spec.stop_signal = sys::SignalName(TRY(ParseSignalOption(signal_text)));
  spec.stop_timeout = o.stop_timeout.value_or(in.conf.stop_timeout.value_or(10));
  spec.timeout = o.timeout;
  spec.auto_remove = o.rm.value_or(false) || o.rmi;
  spec.remove_image = o.rmi;
  // They outlive this command, and with it the folder that they are relative to.
  spec.cidfile = TRY(Absolute(o.cidfile));
  spec.pid_file = TRY(Absolute(o.pidfile));
  spec.monitor_pid_file = TRY(Absolute(o.conmon_pidfile));
  TRY(FoldSystemd(in, spec));
  TRY(FoldHealth(in, spec));
  spec.create_command = o.create_command;
  return Ok();
}

}  // namespace ctool::engine
