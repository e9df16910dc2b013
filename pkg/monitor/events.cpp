// SPDX-License-Identifier: Apache-2.0
#include "monitor/events.hpp"

#include "base/log.hpp"
#include "events/append.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {
namespace {

// A container that was renamed since it was started.
std::string Common(const Config& config) {
  Result<std::string> renamed = sys::ReadFile(config.run_dir + "/event");
  return renamed.ok() ? std::move(renamed).value() : config.event;
}

void Append(const std::string& log, const std::string& lines) {
  const Status appended = events::Append(log, lines);
  if (!appended.ok()) Debug(appended.error().Message());
}

}  // namespace

void TellStarted(const Config& config, bool again, bool attached) {
  if (config.events_log.empty()) return;
  const std::string common = Common(config);
  std::string lines;
  if (again) lines += events::Line("restart", common);
  lines += events::Line("init", common) + events::Line("start", common);
  if (attached) lines += events::Line("attach", common);
  Append(config.events_log, lines);
}

void TellDied(const Config& config, int exit_code) {
  if (!config.events_log.empty()) Append(config.events_log, events::Line("died", Common(config), exit_code));
}

void TellHealth(const Config& config, const std::string& health) {
  if (config.events_log.empty()) return;
  Append(config.events_log, events::Line("health_status", Common(config) + events::Member("health_status", health)));
}

void TellSession(const Config& config, const char* status, std::optional<int> exit_code) {
  if (!config.events_log.empty()) Append(config.events_log, events::Line(status, Common(config), exit_code));
}

}  // namespace ctool::monitor
