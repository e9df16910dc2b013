// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/container_size_internal.hpp"
#include "engine/containers.hpp"
#include "engine/inspect_internal.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Json = InspectJson;

std::string Time(int64_t wall_nanos) {
  return wall_nanos == 0 ? kGoZeroTime : Rfc3339Local(wall_nanos);
}

const char* StatusOf(state::ContainerState state) {
  switch (state) {
    case state::ContainerState::kCreated: return "created";
    case state::ContainerState::kRunning: return "running";
    case state::ContainerState::kExited: return "exited";
    case state::ContainerState::kRemoving: return "removing";
  }
  return "unknown";
}

Json State(const InspectInput& in) {
  const state::Container& c = in.record;
  Json out;
  out["OciVersion"] = "1.1.0";
  out["Status"] = StatusOf(c.state);
  out["Running"] = c.state == state::ContainerState::kRunning;
  out["Paused"] = false;
  out["Restarting"] = false;
  out["OOMKilled"] = false;
  out["Dead"] = false;
  out["Pid"] = in.live ? in.live->pid : 0;
  out["ConmonPid"] = in.live ? in.live->monitor_pid : 0;
  out["ExitCode"] = c.exit_code;
  out["Error"] = c.error;
  out["StartedAt"] = Time(c.started);
  out["FinishedAt"] = Time(c.finished);
  out["Health"] = {{"Status", ""}, {"FailingStreak", 0}, {"Log", nullptr}};
  out["CgroupPath"] = "";
  out["CheckpointedAt"] = kGoZeroTime;
  out["RestoredAt"] = kGoZeroTime;
  out["StoppedByUser"] = in.stopped;
  return out;
}

Json GraphDriver(const InspectInput& in) {
  if (in.copied) return {{"Name", "copy"}, {"Data", {{"Dir", in.files.Rootfs()}}}};
  return {{"Name", "overlay"},
          {"Data",
           {{"LowerDir", Join(in.spec.layers, ":")},
            {"UpperDir", in.files.Upper()},
            {"WorkDir", in.files.Work()}}}};
}

Json Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return NullIfEmpty(names);
}

// A user who is not root gets only what is ambient.
const std::vector<std::string>& EffectiveCaps(const ContainerSpec& spec) {
  const std::string user = spec.user.substr(0, spec.user.find(':'));
  return user.empty() || user == "root" || user == "0" ? spec.bounding : spec.ambient;
}

}  // namespace

InspectJson NullIfEmpty(const std::vector<std::string>& list) {
  return list.empty() ? Json(nullptr) : Json(list);
}

std::string InspectText(const InspectInput& in) {
  const ContainerSpec& spec = in.spec;
  const std::vector<std::string> argv = spec.Argv();
  Json out;
  out["Id"] = in.record.id;
  out["Created"] = Time(in.record.created);
  out["Path"] = argv.empty() ? "" : argv[0];
  out["Args"] = argv.empty() ? argv : std::vector<std::string>(argv.begin() + 1, argv.end());
  out["State"] = State(in);
  out["Image"] = in.record.image_id;
  out["ImageDigest"] = spec.image_digest;
  out["ImageName"] = in.record.image_name;
  out["Rootfs"] = "";
  out["Pod"] = "";
  out["ResolvConfPath"] = in.files.bundle + "/resolv.conf";
  out["HostnamePath"] = in.files.bundle + "/hostname";
  out["HostsPath"] = in.files.bundle + "/hosts";
  out["StaticDir"] = in.files.folder;
  if (in.has_bundle) out["OCIConfigPath"] = in.files.bundle + "/config.json";
  out["OCIRuntime"] = "ctool";
  out["ConmonPidFile"] = spec.monitor_pid_file;
  out["PidFile"] = spec.pid_file;
  out["Name"] = in.record.name;
  out["RestartCount"] = in.record.restart_count;
  out["Driver"] = in.copied ? "copy" : "overlay";
  for (const char* name : {"MountLabel", "ProcessLabel", "AppArmorProfile"}) out[name] = "";
  out["EffectiveCaps"] = Sorted(EffectiveCaps(spec));
  out["BoundingCaps"] = Sorted(spec.bounding);
  out["ExecIDs"] = Json::array();
  out["GraphDriver"] = GraphDriver(in);
  if (in.size) {
    out["SizeRw"] = in.size->written;
    out["SizeRootFs"] = in.size->whole;
  }
  out["Mounts"] = InspectMounts(spec, in.volumes_dir);
  out["Dependencies"] = Json::array();
  out["NetworkSettings"] = InspectNetwork(in);
  out["Namespace"] = "";
  for (const char* name : {"IsInfra", "IsService"}) out[name] = false;
  out["KubeExitCodePropagation"] = "invalid";
  out["lockNumber"] = 0;
  out["Config"] = InspectConfig(spec);
  out["HostConfig"] = InspectHostConfig(spec);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> InspectContainer(Engine& engine, const state::Container& container, bool size) {
  const storage::Store& store = *TRY(engine.Store());
  const ContainerSpec spec = TRY(ContainerSpec::Parse(container.spec));
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  InspectInput in{container, spec, files, store.root() + "/volumes"};
  if (const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id)))
    in.live = live->status;
  in.copied = sys::Exists(files.Rootfs());
  in.has_bundle = sys::Exists(files.bundle + "/config.json");
  in.stopped = sys::Exists(files.bundle + "/stop");
  if (size) in.size = TRY(SizeOf(engine, container));
  return InspectText(in);
}

}  // namespace ctool::engine
