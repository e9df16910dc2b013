// SPDX-License-Identifier: Apache-2.0
#include "engine/group.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/settle_internal.hpp"
#include "monitor/group.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Status Complain(const ContainerSpec& spec, const std::vector<std::string>& options, const std::string& why, const std::string& hint) {
  if (options.empty()) return Ok();
  const std::string what = Join(options, ", ") + (options.size() == 1 ? " is" : " are") + " not applied: " + why;
  if (spec.strict_limits) return Error(Code::kUnsupported, what).Hint(hint + (hint.empty() ? "" : "; ") + "see: ctool doctor");
  Warn(what + (hint.empty() ? "" : "; " + hint) + "; see: ctool doctor");
  return Ok();
}

cgroup::Wish WishOf(const ContainerSpec& spec) { return {spec.cgroup_manager, spec.cgroup_parent, spec.cgroups_mode == "split"}; }

// The group of the service that has started us is to have no processes of its own: podman's name for where they go.
Status MoveToSupervisor(const std::string& own) {
  const cgroup::Group supervisor(own + "/supervisor");
  TRY(sys::MakeDirs(supervisor.Folder(), 0755));
  return supervisor.Add(::getpid());
}

// What undoes a setting that is no longer asked for.
std::string UnlimitedFor(const cgroup::Setting& setting) {
  if (setting.file == "cpu.weight") return "100";
  if (setting.file == "memory.low") return "0";
  if (StartsWith(setting.file, "cpuset.")) return "\n";
  if (setting.file == "io.weight") return setting.value.substr(0, setting.value.find(' ')) + (StartsWith(setting.value, "default") ? " 100" : " default");
  if (setting.file == "io.max") return setting.value.substr(0, setting.value.find('=') + 1) + "max";
  return "max";
}

// What a setting sets: a file of one value, or in a file of several (io.max) the one of a device.
std::string KeyOf(const cgroup::Setting& setting) {
  if (!StartsWith(setting.file, "io.")) return setting.file;
  return setting.file + " " + setting.value.substr(0, setting.value.find_last_of("= "));
}

// In place of what was there before.
std::vector<cgroup::Setting> Difference(const std::vector<cgroup::Setting>& before, std::vector<cgroup::Setting> after) {
  std::vector<cgroup::Setting> out;
  for (const cgroup::Setting& old : before) {
    const bool kept = std::any_of(after.begin(), after.end(), [&](const auto& s) { return KeyOf(s) == KeyOf(old); });
    if (!kept && old.option != "--cgroup-conf") out.push_back({old.file, UnlimitedFor(old), ""});
  }
  for (cgroup::Setting& now : after) {
    const bool same = std::any_of(before.begin(), before.end(), [&](const auto& s) { return s.file == now.file && s.value == now.value; });
    if (!same) out.push_back(std::move(now));
  }
  return out;
}

}  // namespace

std::vector<std::string> LimitOptionsOf(const ContainerSpec& spec) {
  std::vector<std::string> options;
  const Result<std::vector<cgroup::Setting>> settings = cgroup::SettingsOf(spec.limits);
  if (!settings.ok()) return options;
  for (const cgroup::Setting& s : *settings)
    if (!s.option.empty() && std::find(options.begin(), options.end(), s.option) == options.end()) options.push_back(s.option);
  return options;
}

void ForgetHopelessLimits(ContainerSpec& spec) {
  if (spec.strict_limits || LimitOptionsOf(spec).empty()) return;
  const Result<cgroup::Place> place = cgroup::FindPlace(WishOf(spec));
  if (place.ok() && !place->found()) spec.limits = {};
}

Status PlaceGroup(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox) {
  if (spec.cgroups_mode == "disabled") return Complain(spec, LimitOptionsOf(spec), "the container has no control group (--cgroups=disabled)", "");
  const cgroup::Place place = TRY(cgroup::FindPlace(WishOf(spec)));
  if (!place.found()) return Complain(spec, LimitOptionsOf(spec), place.why, place.hint);
  monitor::GroupOrder& group = sandbox.group;
  group.manager = place.manager;
  group.parent = place.parent;
  group.socket = place.socket;
  group.slice = place.slice;
  group.name = (spec.cgroups_mode == "split" ? "libpod-payload-" : "libpod-") + spec.id;
  group.only_container = spec.cgroups_mode == "no-conmon";
  if (place.manager == cgroup::kSystemd) group.program = TRY(engine.Program("ctool-scope"));
  if (spec.cgroups_mode == "split") TRY_CTX("--cgroups=split", MoveToSupervisor(place.parent));
  return Ok();
}

Status PrepareLimits(const ContainerSpec& spec, const monitor::GroupOrder& group, monitor::Config& config) {
  if (group.manager.empty()) return Ok();
  config.limits = TRY(cgroup::SettingsOf(spec.limits));
  config.strict_limits = spec.strict_limits;
  cgroup::Place place;
  place.manager = group.manager;
  place.parent = group.parent;
  if (!LimitOptionsOf(spec).empty()) config.limits_hint = cgroup::HintFor(place);
  return Ok();
}

Status ChangeLimits(Engine& engine, const std::string& id, const ContainerSpec& before, const ContainerSpec& after) {
  const std::string run_dir = TRY(engine.RunDir(id, false));
  if (!TRY(FindProcess(engine, id))) return Ok();  // they count when it is started
  const std::vector<cgroup::Setting> changed = Difference(TRY(cgroup::SettingsOf(before.limits)), TRY(cgroup::SettingsOf(after.limits)));
  if (changed.empty()) return Ok();
  const std::optional<monitor::GroupNote> note = monitor::ReadGroupNote(run_dir);
  std::vector<std::string> unmet;
  std::string why = "the container that runs has no control group", hint;
  const auto add = [&](const cgroup::Setting& setting) {
    if (!setting.option.empty() && std::find(unmet.begin(), unmet.end(), setting.option) == unmet.end()) unmet.push_back(setting.option);
  };
  if (note) {
    why = "the container's control group has no";
    for (const cgroup::Setting& setting : TRY(cgroup::Group(note->path).Apply(changed))) {
      add(setting);
      if (!setting.option.empty()) why += (EndsWith(why, " no") ? " " : ", ") + setting.file;
    }
  } else {
    for (const cgroup::Setting& setting : changed) add(setting);
    const cgroup::Place place = TRY(cgroup::FindPlace(WishOf(after)));
    if (!place.found()) why = place.why, hint = place.hint;
  }
  const std::string path = run_dir + "/monitor.json";
  monitor::Config config = TRY(monitor::Config::Parse(TRY(sys::ReadFile(path))));
  if (hint.empty()) hint = config.limits_hint;
  config.limits = TRY(cgroup::SettingsOf(after.limits));
  TRY(sys::WriteFileAtomic(path, config.Print(), 0600, sys::Durability::kNone));
  return Complain(after, unmet, why, hint);
}

}  // namespace ctool::engine
