// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/images.hpp"

namespace ctool {
namespace {

struct RmiOptions {
  std::vector<std::string> images;
  bool all = false, force = false, ignore = false, no_prune = false;
};

cli::Command Describe(RmiOptions& o) {
  cli::Command c;
  c.summary = "Remove images";
  c.prose =
      "Takes a name from each IMAGE. With its last name the image goes too, and what of its layers "
      "no "
      "other image has.";
  c.options.push_back(
      {.name = "all", .short_name = 'a', .help = "Remove every image", .sink = &o.all});
  c.options.push_back({.name = "force",
                       .short_name = 'f',
                       .help = "Remove the containers made from the image first; pass over an "
                               "image that does not exist",
                       .sink = &o.force});
  c.options.push_back({.name = "ignore",
                       .short_name = 'i',
                       .help = "Pass over an image that does not exist",
                       .sink = &o.ignore});
  c.options.push_back(
      {.name = "no-prune", .help = "Keep the parents without a name", .sink = &o.no_prune});
  c.args = {{.name = "IMAGE",
             .min = 0,
             .max = cli::kUnlimited,
             .sink = &o.images,
             .complete = cli::Complete::kImages}};
  c.examples = {{"rmi alpine", "Remove one image"},
                {"rmi -fa", "Remove every container and image"}};
  c.exits = {{"1", "there is no such image"},
             {"2", "a container was made from it"},
             {"125", "another failure"}};
  return c;
}

Result<std::vector<std::string>> Targets(Context& context, const RmiOptions& o) {
  if (!o.all && o.images.empty())
    return Error(Code::kInvalidArgument, "image name or ID must be specified");
  if (!o.all) return o.images;
  if (!o.images.empty())
    return Error(Code::kInvalidArgument,
                 "when using the --all switch, you may not pass any images names or IDs");
  return engine::AllImageIds(context.engine);
}

Result<int> Run(Context& context, const RmiOptions& o) {
  engine::RemoveImagesOptions how;
  how.all = o.all;
  how.force = o.force;
  // Of all the images, one may go with another.
  how.ignore = o.ignore || o.all;
  how.no_prune = o.no_prune;
  how.keep_files = true;
  Several several;
  bool deleted = false;
  for (const std::string& target : TRY(Targets(context, o))) {
    Result<engine::RemovedImage> removed = engine::RemoveImage(context.engine, target, how);
    if (removed.ok()) {
      deleted = deleted || !removed->deleted.empty();
      for (const std::string& name : removed->untagged) PrintLine(context, "Untagged: " + name);
      if (!removed->deleted.empty()) PrintLine(context, "Deleted: " + removed->deleted);
    }
    several.Add(removed.ok() ? Ok() : Status(std::move(removed).error()));
  }
  if (deleted) engine::GiveSpaceBack(context.engine);
  return several.Finish();
}

}  // namespace

cli::Runnable RmiCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
