// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cgroup/place.hpp"
#include "engine/container_size_internal.hpp"
#include "engine/containers.hpp"
#include "engine/exec.hpp"
#include "engine/health.hpp"
#include "engine/inspect_internal.hpp"
#include "engine/run_state.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Json = InspectJson;

std::string Time(int64_t wall_nanos) {
  return wall_nanos == 0 ? kGoZeroTime : Rfc3339Local(wall_nanos);
}

Json HealthOf(const std::optional<monitor::HealthState>& state) {
  if (!state) return {{"Status", ""}, {"FailingStreak", 0}, {"Log", nullptr}};
  Json log = Json::array();
  for (const monitor::HealthState::Check& c : state->log)
    log.push_back({{"Start", Rfc3339Local(c.start)}, {"End", Rfc3339Local(c.end)}, {"ExitCode", c.exit_code}, {"Output", c.output}});
  return {{"Status", state->status}, {"FailingStreak", state->failing_streak}, {"Log", log.empty() ? Json(nullptr) : log}};
}

Json State(const InspectInput& in) {
  const state::Container& c = in.record;
  Json out;
  out["OciVersion"] = "1.1.0";
  out["Status"] = in.state;
  out["Running"] = in.state == "running";
  out["Paused"] = in.state == "paused";
  out["Restarting"] = false;
  out["OOMKilled"] = in.oom_killed;
  out["Dead"] = false;
  out["Pid"] = in.live ? in.live->pid : 0;
  out["ConmonPid"] = in.live ? in.live->monitor_pid : 0;
  out["ExitCode"] = c.exit_code;
  out["Error"] = c.error;
  // Its policy may have started it again since the record was written.
  out["StartedAt"] = Time(in.live && c.state == state::ContainerState::kRunning ? in.live->started : c.started);
  out["FinishedAt"] = Time(c.finished);
  out["Health"] = HealthOf(in.health);
  out["CgroupPath"] = in.live && in.group ? in.group->path : "";
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

// The record has the count of a run that is over. Of this one the monitor keeps the last end before the one to come.
int64_t RestartsOf(const state::Container& container, const std::string& run_dir) {
  if (container.state != state::ContainerState::kRunning) return container.restart_count;
  const std::optional<monitor::ExitRecord> ended = ReadLastEnd(run_dir);
  return ended && ended->finished >= container.started ? ended->restarts + 1 : 0;
}

bool WasOomKilled(const ContainerFiles& files) {
  const std::optional<monitor::ExitRecord> ended = ReadExit(files);
  return ended && ended->oom_killed;
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
  out["Rootfs"] = spec.rootfs;
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
  out["RestartCount"] = in.restarts;
  out["Driver"] = in.copied ? "copy" : "overlay";
  out["MountLabel"] = "";
  out["ProcessLabel"] = spec.selinux;
  out["AppArmorProfile"] = spec.apparmor;
  out["EffectiveCaps"] = Sorted(EffectiveCaps(spec));
  out["BoundingCaps"] = Sorted(spec.bounding);
  out["ExecIDs"] = in.sessions;
  out["GraphDriver"] = GraphDriver(in);
  if (in.size) {
    out["SizeRw"] = in.size->written;
    out["SizeRootFs"] = in.size->whole;
  }
  out["Mounts"] = InspectMounts(spec, in.volumes_dir);
  out["Dependencies"] = spec.dependencies;
  out["NetworkSettings"] = InspectNetwork(in);
  out["Namespace"] = "";
  for (const char* name : {"IsInfra", "IsService"}) out[name] = false;
  out["KubeExitCodePropagation"] = "invalid";
  out["lockNumber"] = 0;
  out["Config"] = InspectConfig(spec, in.home);
  out["HostConfig"] = InspectHostConfig(in);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Where a running container is in its network, as its monitor was told. Without it inspect knows less, but does not fail.
static network::Backend NetworkOf(const std::string& bundle) {
  const Result<std::string> text = sys::ReadFile(bundle + "/monitor.json");
  Result<monitor::Config> config = text.ok() ? monitor::Config::Parse(*text) : Result<monitor::Config>(text.error());
  return config.ok() ? std::move(config->network) : network::Backend();
}

Result<std::string> InspectContainer(Engine& engine, const state::Container& container, bool size) {
  const storage::Store& store = *TRY(engine.Store());
  const ContainerSpec spec = TRY(ContainerSpec::Parse(container.spec));
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  InspectInput in{container, spec, files, store.root() + "/volumes", ShownState(engine, container)};
  if (const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id)))
    in.live = live->status;
  if (in.live) in.network = NetworkOf(files.bundle);
  in.health = TRY(ReadHealth(engine, container.id));
  in.sessions = TRY(ListSessions(engine, container.id));
  in.restarts = RestartsOf(container, files.bundle);
  const std::string owner = NetworkOwner(spec);
  if (in.live) in.networks = JoinedNetworks(owner.empty() ? files.bundle : TRY(engine.RunDir(owner, false)));
  in.copied = sys::Exists(files.Rootfs());
  if (Result<std::string> home = sys::ReadFile(monitor::HomeFile(files.bundle)); home.ok()) in.home = std::move(*home);
  in.group = monitor::ReadGroupNote(files.bundle);
  if (const Result<cgroup::Place> place = cgroup::FindPlace({spec.cgroup_manager, spec.cgroup_parent, spec.cgroups_mode == "split"}); place.ok()) {
    in.group_manager = place->manager;
    in.group_parent = spec.cgroup_parent.empty() ? place->slice : spec.cgroup_parent;
  }
  in.oom_killed = in.live ? in.group && cgroup::Group(in.group->path).OomKills() > 0 : WasOomKilled(files);
  in.has_bundle = sys::Exists(files.bundle + "/config.json");
  in.stopped = WasStopped(files.bundle);
  if (size) in.size = TRY(SizeOf(engine, container));
  return InspectText(in);
}

}  // namespace ctool::engine
