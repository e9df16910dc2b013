// SPDX-License-Identifier: Apache-2.0
#include "engine/dependencies.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/containers.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

std::string NotesOf(const ContainerFiles& files) { return files.folder + "/dependents"; }

// Dependents first. No container depends on one that was made after it, so that this ends.
Status AddRemovals(Engine& engine, const std::string& id, std::vector<std::string>& order) {
  if (std::find(order.begin(), order.end(), id) != order.end()) return Ok();
  for (const std::string& dependent : TRY(DependentsOf(engine, id))) TRY(AddRemovals(engine, dependent, order));
  order.push_back(id);
  return Ok();
}

}  // namespace

Status FoldDependencies(Engine& engine, const std::vector<std::string>& required, ContainerSpec& spec) {
  for (const std::string& name : required) {
    if (name.empty()) continue;
    const Result<state::Container> found = FindContainer(engine, name);
    if (!found.ok())
      return Error(Code::kInvalidArgument, Quote(name) + " is not a valid container, cannot be used as a dependency: " + found.error().Message());
    if (std::find(spec.dependencies.begin(), spec.dependencies.end(), found->id) == spec.dependencies.end())
      spec.dependencies.push_back(found->id);
  }
  return Ok();
}

Status NoteDependencies(Engine& engine, const ContainerSpec& spec) {
  for (const std::string& id : spec.dependencies) {
    const std::string notes = NotesOf(TRY(FilesOf(engine, id)));
    TRY(sys::MakeDirs(notes, 0700));
    TRY(sys::WriteFileAtomic(notes + "/" + spec.id, "", 0600, sys::Durability::kNone));
  }
  return Ok();
}

Status StartDependencies(Engine& engine, const ContainerSpec& spec) {
  for (const std::string& id : spec.dependencies) {
    Result<StartOutcome> started = Start(engine, id, AttachOptions());
    if (!started.ok()) return std::move(started).error().Wrap("start container " + id + ", which is required");
  }
  return Ok();
}

Result<std::vector<std::string>> DependentsOf(Engine& engine, const std::string& id) {
  const std::string notes = NotesOf(TRY(FilesOf(engine, id)));
  std::vector<std::string> ids;
  const Result<sys::Fd> folder = sys::Open(notes, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() && folder.error().sys_errno() == ENOENT) return ids;
  if (!folder.ok()) return folder.error();
  for (const std::string& name : TRY(sys::ListDir(folder->get(), notes))) {
    const std::optional<state::Container> found = TRY(TRY(engine.Db())->FindContainer(name));
    if (found && found->id == name) ids.push_back(name);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<std::vector<std::string>> RemovalOrder(Engine& engine, const std::string& name_or_id) {
  std::vector<std::string> order;
  TRY(AddRemovals(engine, TRY(FindContainer(engine, name_or_id)).id, order));
  return order;
}

}  // namespace ctool::engine
