// SPDX-License-Identifier: Apache-2.0
//
// What needs no registry of the commands for manifest lists.
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/images.hpp"
#include "engine/manifest_list.hpp"

namespace ctool {
namespace {

struct RmOptions {
  std::vector<std::string> lists;
  bool ignore = false;
};

cli::Command DescribeRm(RmOptions& o) {
  cli::Command c;
  c.summary = "Remove manifest lists";
  c.prose = "Removes each LIST. The images in it stay.";
  c.options.push_back({.name = "ignore", .short_name = 'i', .help = "Pass over a list that does not exist", .sink = &o.ignore});
  c.args = {{.name = "LIST", .max = cli::kUnlimited, .sink = &o.lists, .complete = cli::Complete::kImages}};
  c.examples = {{"manifest rm mylist"}};
  c.exits = {{"1", "there is no such list"}};
  return c;
}

Status Remove(Context& context, const std::string& name, const RmOptions& o) {
  engine::RemoveImagesOptions how;
  how.ignore = o.ignore;
  const std::optional<engine::FoundImage> found = TRY(engine::FindImage(context.engine, name));
  if (found && !engine::IsList(found->image)) TRY(engine::RequireStoredList(context.engine, name));
  const engine::RemovedImage removed = TRY(engine::RemoveImage(context.engine, name, how));
  for (const std::string& untagged : removed.untagged) PrintLine(context, "Untagged: " + untagged);
  if (!removed.deleted.empty()) PrintLine(context, "Deleted: " + removed.deleted);
  return Ok();
}

Result<int> RunRm(Context& context, const RmOptions& o) {
  Several several;
  for (const std::string& name : o.lists) several.Add(Remove(context, name, o));
  return several.Finish();
}

struct ExistsOptions {
  std::string list;
};

cli::Command DescribeExists(ExistsOptions& o) {
  cli::Command c;
  c.summary = "Check whether a manifest list is in the store";
  c.args = {{.name = "LIST", .sink = &o.list, .complete = cli::Complete::kImages}};
  c.examples = {{"manifest exists mylist"}};
  c.exits = {{"0", "it is"}, {"1", "it is not"}};
  return c;
}

Result<int> RunExists(Context& context, const ExistsOptions& o) {
  const std::optional<engine::FoundImage> found = TRY(engine::FindImage(context.engine, o.list));
  return found && engine::IsList(found->image) ? 0 : 1;
}

}  // namespace

cli::Runnable ManifestRmCommand() { return cli::Bind(DescribeRm, RunRm); }
cli::Runnable ManifestExistsCommand() { return cli::Bind(DescribeExists, RunExists); }

}  // namespace ctool
