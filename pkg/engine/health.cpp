// SPDX-License-Identifier: Apache-2.0
#include "engine/health.hpp"

#include "engine/containers.hpp"
#include "engine/fold_internal.hpp"
#include "monitor/control.hpp"
#include "monitor/stop_mark.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

Result<std::optional<monitor::HealthState>> ReadHealth(Engine& engine, const std::string& container_id) {
  const Result<std::string> text = sys::ReadFile(monitor::HealthFile(TRY(engine.RunDir(container_id, false))));
  if (!text.ok() && text.error().sys_errno() == ENOENT) return std::optional<monitor::HealthState>();
  if (!text.ok()) return text.error();
  return std::optional<monitor::HealthState>(TRY(monitor::HealthState::Parse(*text)));
}

Result<bool> RunHealthCheck(Engine& engine, const std::string& name_or_id) {
  const state::Container record = TRY(FindContainer(engine, name_or_id));
  const ContainerSpec spec = TRY(ContainerSpec::Parse(record.spec));
  const std::string run_dir = TRY(engine.RunDir(record.id, false));
  if (record.state != state::ContainerState::kRunning || sys::Exists(monitor::PausedFile(run_dir)))
    return Error(Code::kBusy, "container " + record.id + " is not running");
  if (!HasHealthCheck(spec)) return Error(Code::kInvalidArgument, "container " + record.id + " has no defined healthcheck");
  const runtime::SyncSocket monitor = TRY(monitor::ConnectControl(run_dir));
  TRY(monitor.Send(runtime::Msg::kCheck));
  runtime::Frame frame;
  if (!TRY(monitor.Receive(frame)) || frame.header.msg != runtime::Msg::kExited || frame.payload.size() < 2)
    return Error(Code::kInternal, "container " + record.id + " has ended before its health was known");
  const bool passed = frame.payload[0] == '0';
  // Until the check has had its consequences.
  while (TRY(monitor.Receive(frame))) {}
  return passed;
}

}  // namespace ctool::engine
