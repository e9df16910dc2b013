// SPDX-License-Identifier: Apache-2.0
#include "engine/change.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/change_internal.hpp"
#include "engine/fold_internal.hpp"
#include "engine/group.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/control.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

Result<state::Container> Change(Engine& engine, const std::string& id,
                                const std::function<Status(state::Container&, ContainerSpec&)>& change) {
  state::Database& db = *TRY(engine.Db());
  state::Container changed;
  TRY(db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    std::optional<state::Container> now = TRY(db.FindContainer(id));
    if (!now) return Error(Code::kNotFound, "container " + id + " was removed meanwhile: no such container");
    ContainerSpec spec = TRY(ContainerSpec::Parse(now->spec));
    TRY(change(*now, spec));
    now->spec = spec.Print();
    changed = *now;
    return db.UpdateContainer(*now);
  }));
  return changed;
}

namespace {

// The monitor of a container that runs reads its file again when it is told to, and at the container's end.
Status TellMonitor(Engine& engine, const state::Container& container, const ContainerSpec& spec) {
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  const std::string path = files.bundle + "/monitor.json";
  const Result<std::string> text = sys::ReadFile(path);
  if (!text.ok()) return text.error().sys_errno() == ENOENT ? Ok() : Status(text.error());
  monitor::Config config = TRY(monitor::Config::Parse(*text));
  config.restart_policy = spec.restart_policy;
  config.restart_retries = spec.restart_retries;
  const spec::RuntimeSpec process = TRY(spec::RuntimeSpec::Parse(TRY(sys::ReadFile(files.bundle + "/config.json"))));
  TRY(PrepareHealth(spec, files, process, config));
  TRY(sys::WriteFileAtomic(path, config.Print(), 0600, sys::Durability::kNone));
  const Result<runtime::SyncSocket> monitor = monitor::ConnectControl(files.bundle);
  const Status told = monitor.ok() ? monitor->Send(runtime::Msg::kReload) : Status(monitor.error());
  if (!told.ok()) Debug(told.error().Message());  // it does not run
  return Ok();
}

}  // namespace

Status RenameContainer(Engine& engine, const std::string& name_or_id, const std::string& new_name) {
  const std::string name = !new_name.empty() && new_name[0] == '/' ? new_name.substr(1) : new_name;
  const state::Container container = TRY(FindContainer(engine, name_or_id));
  TRY(CheckName(name));
  const Result<state::Container> renamed = Change(engine, container.id, [&](state::Container& c, ContainerSpec& spec) {
    c.name = spec.name = name;
    return Ok();
  });
  if (renamed.ok()) TellRename(engine, *renamed);
  if (renamed.ok()) return Ok();
  if (renamed.error().code() != Code::kAlreadyExists) return renamed.error();
  return Error(Code::kAlreadyExists, "renaming container " + container.id + ": name " + name +
                                         " already in use, cannot rename container " + container.id +
                                         ": container already exists");
}

Result<std::string> UpdateContainer(Engine& engine, const std::string& name_or_id, const CreateOptions& changes) {
  const state::Container container = TRY(FindContainer(engine, name_or_id));
  ContainerSpec before, after;
  TRY(Change(engine, container.id, [&](state::Container& c, ContainerSpec& spec) -> Status {
    if (!changes.restart.empty()) {
      const bool ends = changes.restart == "no" || StartsWith(changes.restart, "on-failure");
      if (c.auto_remove && !ends)
        return Error(Code::kInvalidArgument,
                     R"(the --rm option conflicts with --restart, when the restartPolicy is not "" and "no")");
      TRY(FoldRestart(changes, spec));
    }
    TRY(ChangeEnv(changes.env, changes.unsetenv, spec));
    for (const std::string& limit : changes.ulimit) TRY(AddUlimit(limit, spec));
    before = spec;
    TRY(FoldGroupLimits(changes.limits, spec));
    TRY(ChangeHealth(changes, spec));
    after = spec;
    return Ok();
  }));
  TRY(ChangeLimits(engine, container.id, before, after));
  if (!changes.restart.empty() || ChangesHealth(changes)) TRY(TellMonitor(engine, container, after));
  return container.id;
}

}  // namespace ctool::engine
