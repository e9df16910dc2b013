// SPDX-License-Identifier: Apache-2.0
//
// inspect, container inspect, image inspect: JSON of what has a name.
#include "ctool/container/inspect.hpp"

#include <functional>

#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/artifact/commands.hpp"
#include "ctool/context.hpp"
#include "engine/artifact.hpp"
#include "engine/containers.hpp"
#include "ctool/network/commands.hpp"
#include "ctool/volume/commands.hpp"
#include "ctool/words.hpp"
#include "engine/images.hpp"
#include "engine/networks.hpp"

namespace ctool {
namespace {

using cli::Value;

struct InspectOptions {
  std::vector<std::string> names;
  std::string format = "json", type = "all";
  bool size = false, latest = false;
};

// --- the Go types behind the JSON, for templates

constexpr std::string_view kContainerMaps[] = {
    "Labels",   "Annotations", "Volumes", "ExposedPorts", "Ports",      "PortBindings",
    "Networks", "Tmpfs",       "Data",    "CgroupConf",   "DriverOpts", "IPAMConfig"};
constexpr std::string_view kContainerLists[] = {
    "Args", "Env", "Cmd", "Entrypoint", "EffectiveCaps", "BoundingCaps", "ExecIDs", "Dependencies",
    "Log", "CreateCommand", "Binds", "VolumesFrom", "CapAdd", "CapDrop", "Dns", "DnsOptions",
    "DnsSearch", "ExtraHosts", "GroupAdd", "Links", "SecurityOpt", "Options", "Aliases", "Test",
    "BlkioWeightDevice", "BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps",
    "BlkioDeviceWriteIOps", "Devices", "Degraded"};
constexpr std::string_view kTimes[] = {"Created", "StartedAt", "FinishedAt", "CheckpointedAt",
                                       "RestoredAt"};
// Those of a health check alone: Config.Timeout is a number of seconds.
constexpr std::string_view kDurations[] = {"Healthcheck.Interval", "Healthcheck.Timeout",
                                           "Healthcheck.StartPeriod"};
constexpr std::string_view kContainerTexts[] = {"OCIConfigPath", "Timezone", "Name"};
constexpr std::pair<std::string_view, std::string_view> kContainerOptional[] = {
    {"Config", "Healthcheck"},
    {"", "SizeRw"},
    {"", "SizeRootFs"},
    {"", "OCIConfigPath"},
    {"Config", "Timezone"},
    {"Mounts", "Name"}};
constexpr std::pair<std::string_view, std::string_view> kContainerAliases[] = {
    {"Id", "ID"},           {"Image", "ImageID"},        {"Source", "Src"},
    {"Destination", "Dst"}, {"Health", "Healthcheck"},   {"lockNumber", "LockNumber"},
    {"HostIp", "HostIP"},   {"Domainname", "DomainName"}};

constexpr std::string_view kImageMaps[] = {"Labels", "Annotations", "Volumes", "ExposedPorts",
                                           "Data"};
constexpr std::string_view kImageLists[] = {"RepoTags",   "RepoDigests",  "Env",   "Cmd",
                                            "Entrypoint", "OnBuild",      "Shell", "Layers",
                                            "History",    "NamesHistory", "Test"};
constexpr std::string_view kImageTexts[] = {"Variant", "User", "WorkingDir", "StopSignal"};
constexpr std::string_view kImageTimes[] = {"Created", "created"};
constexpr std::pair<std::string_view, std::string_view> kImageOptional[] = {
    {"", "Healthcheck"},        {"", "Variant"},          {"Config", "User"},
    {"Config", "ExposedPorts"}, {"Config", "Env"},        {"Config", "Entrypoint"},
    {"Config", "Cmd"},          {"Config", "Volumes"},    {"Config", "WorkingDir"},
    {"Config", "Labels"},       {"Config", "StopSignal"}, {"Config", "OnBuild"},
    {"Config", "Shell"}};
constexpr std::pair<std::string_view, std::string_view> kImageAliases[] = {
    {"Id", "ID"},           {"Healthcheck", "HealthCheck"},
    {"created", "Created"}, {"created_by", "CreatedBy"},
    {"comment", "Comment"}, {"empty_layer", "EmptyLayer"}};

Result<Value> ContainerValue(Context& context, const state::Container& container,
                             const InspectOptions& o) {
  return cli::FromJson(TRY(engine::InspectContainer(context.engine, container, o.size)),
                       {.type = "define.InspectContainerData",
                        .maps = kContainerMaps,
                        .lists = kContainerLists,
                        .times = kTimes,
                        .durations = kDurations,
                        .texts = kContainerTexts,
                        .optional = kContainerOptional,
                        .aliases = kContainerAliases});
}

Result<Value> ImageValue(Context& context, const engine::FoundImage& image) {
  return cli::FromJson(TRY(engine::InspectImage(context.engine, image)),
                       {.type = "inspect.ImageData",
                        .maps = kImageMaps,
                        .lists = kImageLists,
                        .times = kImageTimes,
                        .durations = kDurations,
                        .texts = kImageTexts,
                        .optional = kImageOptional,
                        .aliases = kImageAliases});
}

// --- what a name means

using Inspector =
    std::function<Result<Value>(Context&, const std::string& name, const InspectOptions&)>;

Result<Value> InspectContainer(Context& context, const std::string& name, const InspectOptions& o) {
  Result<state::Container> found = engine::FindContainer(context.engine, name);
  if (!found.ok() && found.error().code() == Code::kNotFound)
    return Error(Code::kNotFound, "no such container " + Printable(name));
  return ContainerValue(context, TRY(std::move(found)), o);
}

Result<Value> InspectImage(Context& context, const std::string& name, const InspectOptions&) {
  return ImageValue(context, TRY(engine::RequireImage(context.engine, name)));
}

Result<Value> InspectArtifact(Context& context, const std::string& name, const InspectOptions&) {
  return ArtifactValue(TRY(engine::RequireArtifact(context.engine, name)));
}

Result<Value> InspectNetwork(Context& context, const std::string& name, const InspectOptions&) {
  Result<bridge::Definition> network = engine::FindNetwork(context.engine, name);
  if (!network.ok()) return std::move(network).error().Wrap("inspecting object: network " + Printable(name));
  return NetworkValue(context, *network);
}

Result<Value> InspectVolume(Context& context, const std::string& name, const InspectOptions&) {
  Result<engine::VolumeInfo> volume = engine::FindVolume(context.engine, name);
  if (!volume.ok() && volume.error().code() == Code::kNotFound)
    return Error(Code::kNotFound, "no such volume " + Printable(name));
  return VolumeValue(TRY(std::move(volume)));
}

// Containers come first.
Result<Value> InspectAny(Context& context, const std::string& name, const InspectOptions& o) {
  const Result<state::Container> container = engine::FindContainer(context.engine, name);
  if (container.ok()) return ContainerValue(context, *container, o);
  if (container.error().code() != Code::kNotFound) return container.error();
  // What is no image's name either, by its characters even, is not there.
  const Result<std::optional<engine::FoundImage>> image = engine::FindImage(context.engine, name);
  if (image.ok() && *image) return ImageValue(context, **image);
  if (!image.ok() && image.error().code() != Code::kInvalidArgument) return image.error();
  const Result<engine::VolumeInfo> volume = engine::FindVolume(context.engine, name);
  if (volume.ok()) return VolumeValue(*volume);
  if (volume.error().code() != Code::kNotFound) return volume.error();
  const Result<state::Artifact> artifact = engine::RequireArtifact(context.engine, name);
  if (artifact.ok()) return ArtifactValue(*artifact);
  if (artifact.error().code() != Code::kNotFound && artifact.error().code() != Code::kInvalidArgument)
    return artifact.error();
  const Result<bridge::Definition> network = engine::FindNetwork(context.engine, name);
  if (network.ok()) return NetworkValue(context, *network);
  if (network.error().code() != Code::kNotFound) return network.error();
  return Error(Code::kNotFound, "no such object: " + Quote(name));
}

Result<Inspector> InspectorFor(const InspectOptions& o) {
  if (o.type == "container" || (o.type == "all" && o.latest)) return Inspector(InspectContainer);
  if (o.type == "all") return Inspector(InspectAny);
  if (o.type == "image" || o.type == "artifact") {
    if (o.latest || o.size)
      return Error(Code::kInvalidArgument, std::string(o.latest ? "latest" : "size") +
                                               " is not supported for type " + Quote(o.type));
    return o.type == "image" ? Inspector(InspectImage) : Inspector(InspectArtifact);
  }
  if (o.type == "network") return Inspector(InspectNetwork);
  if (o.type == "volume") return Inspector(InspectVolume);
  return Error(Code::kInvalidArgument,
               "invalid type " + Quote(o.type) + R"(: must be "artifact", "image", "container", "network", "volume" or "all")");
}

// --- output

Result<std::string> Format(const std::vector<Value>& found, const InspectOptions& o) {
  if (o.format.empty() || cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const Value& value : found) list.Append(value);
    return cli::ToJson(list, 5) + "\n";
  }
  std::string text;
  for (const Value& value : found) text += TRY(cli::FormatOne("inspect", value, o.format));
  return text;
}

Result<int> Run(Context& context, const InspectOptions& o) {
  std::vector<std::string> names = o.names;
  if (o.latest) {
    if (!names.empty())
      return Error(Code::kInvalidArgument, "--latest and arguments cannot be used together");
    names.push_back(TRY(engine::LatestContainer(context.engine)).id);
  }
  if (names.empty()) return Error(Code::kInvalidArgument, "no names or ids specified");
  const Inspector inspector = TRY(InspectorFor(o));
  Several several;
  std::vector<Value> found;
  for (const std::string& name : names) {
    Result<Value> value = inspector(context, name, o);
    if (value.ok()) found.push_back(std::move(*value));
    else several.Add(std::move(value).error());
  }
  // What was found is printed whatever became of the others.
  PrintRaw(context, TRY(Format(found, o)));
  return several.Finish();
}

// --- descriptions

void AddFormat(cli::Command& c, InspectOptions& o, std::span<const cli::Word> fields) {
  c.options.push_back({.name = "format",
                       .short_name = 'f',
                       .value = "format",
                       .help = "Print by a Go template, or json",
                       .sink = &o.format,
                       .words = fields});
}

void AddContainerOptions(cli::Command& c, InspectOptions& o) {
  c.options.push_back({.name = "size",
                       .short_name = 's',
                       .help = "Add up the sizes of a container's files",
                       .sink = &o.size});
  c.options.push_back({.name = "latest",
                       .short_name = 'l',
                       .help = "Show the container that was created last",
                       .sink = &o.latest});
}

void AddNames(cli::Command& c, InspectOptions& o, std::string_view name, size_t min,
              cli::Complete complete) {
  c.args = {
      {.name = name, .min = min, .max = cli::kUnlimited, .sink = &o.names, .complete = complete}};
}

cli::Command Describe(InspectOptions& o) {
  cli::Command c;
  c.summary = "Show all that is known of containers, images and the like";
  c.prose =
      "Prints a JSON array with an object for each NAME: a container, an image if there is no "
      "such container, or else a volume, an artifact or a network. "
      "With -f, what a Go template makes of each.";
  AddFormat(c, o, words::kInspectFormats);
  c.options.push_back({.name = "type",
                       .short_name = 't',
                       .value = "type",
                       .help = "What NAME is: all, container, image, volume, artifact or network",
                       .sink = &o.type,
                       .values = {"all", "container", "image", "volume", "artifact", "network"}});
  AddContainerOptions(c, o);
  AddNames(c, o, "NAME", 0, cli::Complete::kObjects);
  c.examples = {{"inspect web"},
                {"inspect -f \"{{.State.Status}} {{.State.ExitCode}}\" web", "One line of it"}};
  c.exits = {{"0", "all were found"}, {"125", "one was not, or something failed"}};
  return c;
}

cli::Command DescribeContainer(InspectOptions& o) {
  o.type = "container";
  cli::Command c;
  c.summary = "Show all that is known of containers";
  c.prose =
      "Prints a JSON array with an object for each CONTAINER. With -f, what a Go template makes of "
      "each.";
  AddFormat(c, o, words::kInspectFormats);
  AddContainerOptions(c, o);
  AddNames(c, o, "CONTAINER", 0, cli::Complete::kContainers);
  c.examples = {{"container inspect -f \"{{json .State}}\" web"}};
  return c;
}

cli::Command DescribeImage(InspectOptions& o) {
  o.type = "image";
  cli::Command c;
  c.summary = "Show all that is known of images";
  c.prose =
      "Prints a JSON array with an object for each IMAGE. With -f, what a Go template makes of "
      "each.";
  AddFormat(c, o, words::kJson);
  AddNames(c, o, "IMAGE", 1, cli::Complete::kImages);
  c.examples = {{"image inspect -f \"{{.Os}}/{{.Architecture}} {{len .RootFS.Layers}}\" alpine"}};
  return c;
}

cli::Command DescribeNetwork(InspectOptions& o) {
  o.type = "network";
  cli::Command c;
  c.summary = "Show all that is known of networks";
  c.prose =
      "Prints a JSON array with an object for each NETWORK, the containers among it that run on it. With -f, what a Go "
      "template makes of each.";
  AddFormat(c, o, words::kJson);
  AddNames(c, o, "NETWORK", 1, cli::Complete::kNetworks);
  c.examples = {{"network inspect -f \"{{range .Subnets}}{{.Subnet}} {{end}}\" web"}};
  c.exits = {{"0", "all were found"}, {"125", "one was not, or something failed"}};
  return c;
}

}  // namespace

cli::Runnable NetworkInspectCommand() { return cli::Bind(DescribeNetwork, Run); }
cli::Runnable InspectCommand() { return cli::Bind(Describe, Run); }
cli::Runnable ContainerInspectCommand() { return cli::Bind(DescribeContainer, Run); }
cli::Runnable ImageInspectCommand() { return cli::Bind(DescribeImage, Run); }

}  // namespace ctool
