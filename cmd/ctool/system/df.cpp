// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "ctool/system/commands.hpp"
#include "engine/disk_usage.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::DiskUsage;
using Rows = std::vector<std::vector<std::string>>;

struct DfOptions {
  std::string format;
  bool verbose = false;
};

cli::Command Describe(DfOptions& o) {
  cli::Command c;
  c.summary = "Show what the store takes on disk";
  c.prose =
      "Shows what images, containers and volumes take, and what removing those that nothing uses would give back. An image takes its "
      "unpacked layers and its blobs as they were received; what several images have is counted once. Artifacts and the build cache are shown "
      "where there are any.";
  c.options = {{.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kDfFormats},
               {.name = "verbose", .short_name = 'v', .help = "Show each image, container and volume", .sink = &o.verbose}};
  c.examples = {{"system df"}, {"system df -v"}, {"system df --format \"{{.Type}} {{.Reclaimable}}\""}};
  return c;
}

struct Summary {
  std::string type;
  int64_t total = 0, active = 0, size = 0, reclaimable = 0;

  std::string Reclaimable() const {
    const double part = size > 0 ? static_cast<double>(reclaimable) / static_cast<double>(size) : 0;
    return DiskSize(reclaimable) + " (" + std::to_string(std::lround(part * 100)) + "%)";
  }
};

Summary OfImages(const DiskUsage& usage) {
  Summary s{"Images", static_cast<int64_t>(usage.images.size()), 0, usage.images_size, usage.images_reclaimable};
  std::string last;  // the names of an image are one after the other
  for (const engine::ImageUsage& image : usage.images)
    if (image.containers > 0 && image.id != std::exchange(last, image.id)) ++s.active;
  return s;
}

Summary OfContainers(const DiskUsage& usage) {
  Summary s{"Containers", static_cast<int64_t>(usage.containers.size()), 0, 0, 0};
  for (const engine::ContainerUsage& container : usage.containers) {
    const bool gone = container.state == "exited" || container.state == "created";
    s.active += container.state == "running" ? 1 : 0;
    s.size += container.written;
    s.reclaimable += gone ? container.written : 0;
  }
  return s;
}

Summary OfVolumes(const DiskUsage& usage) {
  Summary s{"Local Volumes", static_cast<int64_t>(usage.volumes.size()), 0, 0, 0};
  for (const engine::VolumeUsage& volume : usage.volumes) {
    s.active += volume.links;
    s.size += volume.size;
    s.reclaimable += volume.links == 0 ? volume.size : 0;
  }
  return s;
}

Summary OfArtifacts(const DiskUsage& usage) {
  return {"Artifacts", static_cast<int64_t>(usage.artifacts.size()), 0, usage.artifacts_size, usage.artifacts_size};
}

// Of what an image has too only the record would go.
Summary OfBuildCache(const DiskUsage& usage) {
  Summary s{"Build Cache", static_cast<int64_t>(usage.build_cache.size()), 0, 0, 0};
  for (const engine::BuildCacheUsage& one : usage.build_cache) {
    s.active += one.shared ? 1 : 0;
    s.size += one.size;
    s.reclaimable += one.shared ? 0 : one.size;
  }
  return s;
}

// podman knows three kinds, and scripts count on them.
std::vector<Summary> Summaries(const DiskUsage& usage) {
  std::vector<Summary> out = {OfImages(usage), OfContainers(usage), OfVolumes(usage)};
  if (!usage.artifacts.empty()) out.push_back(OfArtifacts(usage));
  if (!usage.build_cache.empty()) out.push_back(OfBuildCache(usage));
  return out;
}

Value RowOf(const Summary& s, bool json) {
  Value v = Value::Struct("system.dfSummary");
  v.Set("Type", s.type).Set("Total", s.total).Set("Active", s.active);
  v.Set("RawSize", s.size).Set("RawReclaimable", s.reclaimable);
  if (json) v.Set("TotalCount", s.total);
  v.Set("Size", DiskSize(s.size)).Set("Reclaimable", s.Reclaimable());
  return v;
}

std::string Age(int64_t created) { return HumanDuration(WallNanos() - created); }

std::string Details(const DiskUsage& usage) {
  Rows images = {{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"}};
  for (const engine::ImageUsage& i : usage.images)
    images.push_back({Printable(i.repository), Printable(i.tag), i.id.substr(0, 12), Age(i.created), DiskSize(i.shared + i.unique),
                      DiskSize(i.shared), DiskSize(i.unique), std::to_string(i.containers)});
  Rows containers = {{"CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"}};
  for (const engine::ContainerUsage& c : usage.containers)
    containers.push_back({c.id.substr(0, 12), c.image_id.substr(0, 12), Printable(c.command), std::to_string(c.volumes),
                          DiskSize(c.written), Age(c.created), c.state, c.name});
  Rows volumes = {{"VOLUME NAME", "LINKS", "SIZE"}};
  for (const engine::VolumeUsage& v : usage.volumes) volumes.push_back({v.name, std::to_string(v.links), DiskSize(v.size)});
  std::string artifacts;
  if (!usage.artifacts.empty()) {
    Rows rows = {{"ARTIFACT", "DIGEST", "CREATED", "SIZE"}};
    for (const engine::ArtifactUsage& a : usage.artifacts)
      rows.push_back({Printable(a.name), a.digest.substr(sizeof("sha256:") - 1, 12), Age(a.created), DiskSize(a.size)});
    artifacts = "\nArtifacts space usage:\n\n" + cli::AlignRows(rows);
  }
  if (!usage.build_cache.empty()) {
    Rows rows = {{"CACHE ID", "STEP", "LAST USED", "SIZE", "SHARED"}};
    for (const engine::BuildCacheUsage& b : usage.build_cache)
      rows.push_back({b.id, Printable(b.description).substr(0, 60), b.mount ? "" : Age(b.used), DiskSize(b.size), b.shared ? "true" : "false"});
    artifacts += "\nBuild cache usage:\n\n" + cli::AlignRows(rows);
  }
  return "Images space usage:\n\n" + cli::AlignRows(images) + "\nContainers space usage:\n\n" + cli::AlignRows(containers) +
         "\nLocal Volumes space usage:\n\n" + cli::AlignRows(volumes) + artifacts;
}

Result<std::string> Format(const DiskUsage& usage, const std::string& format) {
  const std::vector<Summary> summaries = Summaries(usage);
  if (cli::IsJsonFormat(format)) {
    Value list = Value::List();
    for (const Summary& s : summaries) list.Append(RowOf(s, true));
    return cli::ToJson(list, 4) + "\n";
  }
  cli::Listing listing;
  listing.name = "df";
  for (const Summary& s : summaries) listing.rows.push_back(RowOf(s, false));
  return cli::FormatListing(listing, format.empty() ? "table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}" : format);
}

Result<int> Run(Context& context, const DfOptions& o) {
  if (o.verbose && !o.format.empty()) return Error(Code::kInvalidArgument, "cannot combine --format and --verbose flags");
  const DiskUsage usage = TRY(engine::MeasureDiskUsage(context.engine));
  PrintRaw(context, o.verbose ? Details(usage) : TRY(Format(usage, o.format)));
  return 0;
}

}  // namespace

cli::Runnable DfCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
