// SPDX-License-Identifier: Apache-2.0
#include "ctool/container/targets.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "engine/containers.hpp"
#include "sys/file.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

Error Refuse(const char* text) { return Error(Code::kInvalidArgument, text); }

// podman's words.
Status Check(const TargetOptions& o) {
  if (o.all && o.latest) return Refuse("--all and --latest cannot be used together");
  if (o.latest && !o.names.empty()) return Refuse("--latest and containers cannot be used together");
  if (o.all && (!o.names.empty() || !o.cidfiles.empty())) return Refuse("no arguments are needed with --all");
  if (!o.filters.empty() && (!o.names.empty() || !o.cidfiles.empty() || o.latest))
    return Refuse("--filter and containers cannot be used together");
  if (!o.all && !o.latest && o.names.empty() && o.cidfiles.empty() && o.filters.empty())
    return Refuse("you must provide at least one name or id");
  return Ok();
}

Result<std::vector<std::string>> Listed(Context& context, const TargetOptions& o,
                                        const std::vector<std::string_view>& states) {
  engine::ListContainersOptions list;
  list.all = true;
  list.filters = o.filters;
  std::vector<std::string> ids;
  for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list)))
    if (states.empty() || std::find(states.begin(), states.end(), row.state) != states.end())
      ids.push_back(row.container.id);
  return ids;
}

}  // namespace

void AddTargets(cli::Command& c, TargetOptions& o, const TargetWords& words) {
  if (!words.all.empty()) c.options.push_back({.name = "all", .short_name = 'a', .help = words.all, .sink = &o.all});
  if (!words.latest.empty()) c.options.push_back({.name = "latest", .short_name = 'l', .help = words.latest, .sink = &o.latest});
  if (words.cidfile)
    c.options.push_back({.name = "cidfile", .value = "file", .help = "Read the container's id from this file", .sink = &o.cidfiles, .complete = cli::Complete::kFiles});
  if (!words.filter.empty())
    c.options.push_back({.name = "filter", .short_name = words.filter_letter, .value = "key=value", .help = words.filter, .sink = &o.filters, .words = words::kContainerFilters});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.names, .complete = words.complete}};
}

Result<std::vector<std::string>> SelectTargets(Context& context, const TargetOptions& o,
                                               const std::vector<std::string_view>& states) {
  TRY(Check(o));
  if (o.all || !o.filters.empty()) return Listed(context, o, states);
  if (o.latest) return std::vector<std::string>{TRY(engine::LatestContainer(context.engine)).id};
  std::vector<std::string> targets = o.names;
  for (const std::string& file : o.cidfiles) {
    Result<std::string> id = sys::ReadFile(file);
    if (!id.ok() && o.ignore && id.error().sys_errno() == ENOENT) continue;
    // No container is missing, so the status is not that of one.
    if (!id.ok()) return std::move(id).error().Wrap("reading CIDFile").As(Code::kIo);
    targets.emplace_back(Trim(*id));
  }
  return targets;
}

Result<std::vector<Target>> FindTargets(Context& context, const TargetOptions& o,
                                        const std::vector<std::string_view>& states, Several& several) {
  std::vector<Target> targets;
  for (std::string& name : TRY(SelectTargets(context, o, states))) {
    Result<state::Container> found = engine::FindContainer(context.engine, name);
    // What --all and --filter listed may be gone by now.
    const bool optional = o.ignore || o.all || !o.filters.empty();
    if (found.ok()) targets.push_back({std::move(name), std::move(*found)});
    else if (found.error().code() != Code::kNotFound || !optional) several.Add(std::move(found).error());
  }
  return targets;
}

std::vector<state::Container> ContainersOf(const std::vector<Target>& targets) {
  std::vector<state::Container> containers;
  for (const Target& target : targets) containers.push_back(target.container);
  return containers;
}

}  // namespace ctool
