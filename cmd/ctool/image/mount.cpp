// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/image_mount.hpp"
#include "engine/images.hpp"
#include "engine/unshare.hpp"

namespace ctool {
namespace {

using engine::ImageMountPoint;

struct MountOptions {
  std::vector<std::string> images;
  std::string format;
  bool all = false;
};
struct UnmountOptions {
  std::vector<std::string> images;
  bool all = false, force = false;
};

constexpr char kAllAndNames[] = "when using the --all switch, you may not pass any image names or IDs";

cli::Command DescribeMount(MountOptions& o) {
  cli::Command c;
  c.summary = "Mount images' root file systems";
  c.prose =
      "Mounts the root file system of each IMAGE read-only and prints where; without one, lists what is mounted. This works only in "
      "`ctool unshare`, and the mounts are only seen there and end with it.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Mount every image", .sink = &o.all},
               {.name = "format", .value = "format", .help = "Print the list as json", .sink = &o.format, .values = {"json"}}};
  c.args = {{.name = "IMAGE", .min = 0, .max = cli::kUnlimited, .sink = &o.images, .complete = cli::Complete::kImages}};
  c.examples = {{"unshare sh -c 'ls $(ctool image mount alpine)'"}};
  return c;
}

cli::Command DescribeUnmount(UnmountOptions& o) {
  cli::Command c;
  c.summary = "Unmount images' root file systems";
  c.prose = "Takes down what `ctool image mount` has mounted in this `ctool unshare`, and prints the images' ids.";
  c.options = {{.name = "all", .short_name = 'a', .help = "Unmount every image", .sink = &o.all},
               {.name = "force", .short_name = 'f', .help = "Accepted for podman's sake", .sink = &o.force}};
  c.args = {{.name = "IMAGE", .min = 0, .max = cli::kUnlimited, .sink = &o.images, .complete = cli::Complete::kImages}};
  c.examples = {{"image unmount alpine"}};
  return c;
}

std::string NameOf(const state::Image& image) { return image.names.empty() ? image.id : image.names.front(); }

std::string Json(const std::vector<ImageMountPoint>& mounted) {
  cli::Value list = cli::Value::List();
  for (const ImageMountPoint& m : mounted) {
    cli::Value v = cli::Value::Struct("images.mountReport");
    v.Set("id", m.image.id).Set("Names", std::vector<std::string>{m.image.manifest_digest});
    v.Set("Repositories", m.image.names).Set("mountpoint", m.path);
    list.Append(std::move(v));
  }
  return cli::ToJson(list, 1) + "\n";
}

std::string Table(const std::vector<ImageMountPoint>& mounted) {
  std::vector<std::vector<std::string>> cells;
  for (const ImageMountPoint& m : mounted) cells.push_back({Printable(NameOf(m.image)), m.path});
  return cli::AlignRows(cells);
}

Result<int> RunMount(Context& context, const MountOptions& o) {
  if (!engine::IsUnshared())
    return Error(Code::kUnsupported, "cannot run command \"ctool image mount\" in rootless mode, must execute `ctool unshare` first");
  if (o.all && !o.images.empty()) return Error(Code::kInvalidArgument, kAllAndNames);
  if (!o.format.empty() && o.format != "json")
    return Error(Code::kInvalidArgument, "unknown --format argument: " + Quote(o.format));
  std::vector<ImageMountPoint> mounted;
  if (o.images.empty() && !o.all) mounted = TRY(engine::ListMountedImages(context.engine));
  Several several;
  for (const std::string& image : o.all ? TRY(engine::AllImageIds(context.engine)) : o.images) {
    Result<ImageMountPoint> point = engine::MountImage(context.engine, image);
    if (point.ok()) mounted.push_back(*point);
    several.Add(point.ok() ? Ok() : Status(point.error()));
  }
  if (o.format == "json") PrintRaw(context, Json(mounted));
  else if (o.images.size() == 1 && mounted.size() == 1) PrintLine(context, mounted.front().path);
  else if (!mounted.empty()) PrintRaw(context, Table(mounted));
  return several.Finish();
}

Result<int> RunUnmount(Context& context, const UnmountOptions& o) {
  if (!o.all && o.images.empty()) return Error(Code::kInvalidArgument, "image name or ID must be specified");
  if (o.all && !o.images.empty()) return Error(Code::kInvalidArgument, kAllAndNames);
  std::vector<std::string> targets = o.images;
  if (o.all)
    for (const ImageMountPoint& point : TRY(engine::ListMountedImages(context.engine))) targets.push_back(point.image.id);
  Several several;
  for (const std::string& target : targets) {
    const Result<std::string> id = engine::UnmountImage(context.engine, target);
    if (id.ok() && !id->empty()) PrintLine(context, *id);
    several.Add(id.ok() ? Ok() : Status(id.error()));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable ImageMountCommand() { return cli::Bind(DescribeMount, RunMount); }
cli::Runnable ImageUnmountCommand() { return cli::Bind(DescribeUnmount, RunUnmount); }

}  // namespace ctool
