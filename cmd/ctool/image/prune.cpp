// SPDX-License-Identifier: Apache-2.0
#include "ctool/confirm.hpp"
#include "ctool/image/commands.hpp"
#include "engine/build_cache.hpp"
#include "engine/image_prune.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

struct ImagePruneOptions {
  engine::PruneImagesOptions prune;
  bool force = false, external = false, build_cache = false;
};

cli::Command Describe(ImagePruneOptions& o) {
  cli::Command c;
  c.summary = "Remove images that nothing uses";
  c.prose =
      "Removes images without a name that no container was made from and no other image is built on, and prints their ids. Asks first, "
      "unless -f is given.";
  AddPruneOptions(c.options, "Remove only those that match: until=, label=, label!=, and what images has", words::kImageFilters, {o.prune.all, o.force, o.prune.filters});
  c.options.push_back({.name = "build-cache", .help = "Remove the build cache too, cache mounts among it", .sink = &o.build_cache});
  c.options.push_back({.name = "external", .help = "Accepted for podman's sake: other programs have no containers here",
                       .sink = &o.external});
  c.examples = {{"image prune"}, {"image prune -af --filter until=240h", "What was made more than ten days ago"}};
  return c;
}

Result<int> Run(Context& context, const ImagePruneOptions& o) {
  const std::string_view warning = o.prune.all
      ? "WARNING! This command removes all images without at least one container associated with them.\n"
      : "WARNING! This command removes all dangling images.\n";
  if (!o.force && !TRY(Confirm(context, warning))) return 0;
  for (const std::string& id : TRY(engine::PruneImages(context.engine, o.prune))) PrintLine(context, id);
  if (o.build_cache) TRY(engine::PruneBuildCache(context.engine, {}));
  return 0;
}

struct BuilderPruneOptions {
  bool all = false, force = false;
};

cli::Command DescribeBuilder(BuilderPruneOptions& o) {
  cli::Command c;
  c.summary = "Remove what builds have left for the next ones";
  c.prose = "Removes cached steps whose layers no image has; with -a all cached steps, and cache mounts. Asks first, unless -f is given.";
  c.options.push_back({.name = "all", .short_name = 'a', .help = "Remove all of it, cache mounts too", .sink = &o.all});
  c.options.push_back({.name = "force", .short_name = 'f', .help = "Do not ask", .sink = &o.force});
  c.examples = {{"builder prune"}, {"builder prune -af"}};
  return c;
}

Result<int> RunBuilder(Context& context, const BuilderPruneOptions& o) {
  if (!o.force && !TRY(Confirm(context, "WARNING! This command removes the build cache.\n"))) return 0;
  const int64_t size = TRY(engine::PruneBuildCache(context.engine, {.all = o.all, .mounts = o.all}));
  PrintLine(context, "Total reclaimed space: " + DiskSize(size));
  return 0;
}

}  // namespace

void AddPruneOptions(std::vector<cli::Option>& into, std::string_view filter_help, std::span<const cli::Word> filter_words, const PruneSinks& sinks) {
  into.push_back({.name = "all", .short_name = 'a', .help = "Remove every image that no container was made from", .sink = &sinks.all});
  into.push_back({.name = "filter", .value = "key=value", .help = filter_help, .sink = &sinks.filters, .words = filter_words});
  into.push_back({.name = "force", .short_name = 'f', .help = "Do not ask", .sink = &sinks.force});
}

cli::Runnable BuilderPruneCommand() { return cli::Bind(DescribeBuilder, RunBuilder); }
cli::Runnable ImagePruneCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
