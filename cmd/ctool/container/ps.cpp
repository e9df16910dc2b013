// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/container/options.hpp"
#include "ctool/image/commands.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::ContainerRow;

struct PsOptions {
  engine::ListContainersOptions list;
  std::string format;
  bool quiet = false, no_trunc = false, no_heading = false, external = false, sync = false;
  bool pod = false, namespaces = false;
};

cli::Command Describe(PsOptions& o) {
  cli::Command c;
  c.summary = "List containers";
  c.prose = "Shows the containers that run, or with -a all of them, newest first.";
  c.options.push_back({.name = "all", .short_name = 'a', .help = "Show containers that do not run too", .sink = &o.list.all});
  c.options.push_back({.name = "quiet", .short_name = 'q', .help = "Print ids only", .sink = &o.quiet});
  c.options.push_back({.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format});
  c.options.push_back({.name = "last", .short_name = 'n', .value = "number", .help = "Show so many, whatever their state", .sink = &o.list.last});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Show the one that was created last", .sink = &o.list.latest});
  c.options.push_back({.name = "filter", .short_name = 'f', .value = "key=value", .help = "Show the containers that match", .sink = &o.list.filters});
  c.options.push_back({.name = "sort", .value = "key", .help = "Sort by created, id, image, names, command, runningfor, size or status", .sink = &o.list.sort, .values = {"created", "id", "image", "names", "command", "runningfor", "size", "status"}});
  c.options.push_back({.name = "no-trunc", .help = "Show ids and commands whole", .sink = &o.no_trunc, .aliases = {"notruncate"}});
  c.options.push_back({.name = "noheading", .help = "Leave the headings out", .sink = &o.no_heading, .aliases = {"noheader"}});
  c.options.push_back({.name = "pod", .short_name = 'p', .help = "Show pods: there are none", .sink = &o.pod, .hidden = true});
  c.options.push_back({.name = "ns", .help = "Show namespaces", .sink = &o.namespaces, .aliases = {"namespace"}, .hidden = true});
  c.options.push_back({.name = "size", .short_name = 's', .help = "Show what each takes on disk", .sink = &o.list.with_size});
  c.options.push_back({.name = "external", .help = "Accepted for podman's sake", .sink = &o.external, .aliases = {"storage"}, .hidden = true});
  c.options.push_back({.name = "sync", .help = "Accepted for podman's sake: the state is always the real one", .sink = &o.sync, .hidden = true});
  c.examples = {{"ps -a", "All containers"}, {"ps --format \"{{.Names}} {{.Status}}\"", "Names and states"}};
  return c;
}

std::string ShortId(const std::string& id, bool whole) { return whole ? id : id.substr(0, 12); }

std::string ShortCommand(const std::string& command, bool whole) {
  constexpr size_t kWidth = 17;
  return whole || command.size() <= kWidth ? command : command.substr(0, kWidth) + "...";
}

std::string Ago(int64_t at) { return HumanDuration(WallNanos() - at) + " ago"; }

std::string PrintLabels(const std::string& json) {
  const nlohmann::json labels = nlohmann::json::parse(json, nullptr, false);
  std::vector<std::string> parts;
  if (labels.is_object())
    for (const auto& [key, value] : labels.items()) parts.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : ""));
  return Join(parts, ",");
}

std::string Size(const ContainerRow& row) {
  return row.size ? HumanSize(row.size->written) + " (virtual " + HumanSize(row.size->whole) + ")" : "";
}

std::string DefaultTable(const std::vector<ContainerRow>& rows, const PsOptions& o) {
  std::vector<std::vector<std::string>> cells;
  cells.reserve(rows.size() + 1);
  if (!o.no_heading) cells.push_back({"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"});
  if (o.list.with_size && !o.no_heading) cells[0].emplace_back("SIZE");
  for (const ContainerRow& row : rows) {
    const state::Container& c = row.container;
    cells.push_back({ShortId(c.id, o.no_trunc), Printable(c.image_name), Printable(ShortCommand(c.command, o.no_trunc)),
                     Ago(c.created), row.status, c.ports, c.name});
    if (o.list.with_size) cells.back().push_back(Size(row));
  }
  return cli::AlignRows(cells);
}

Value TemplateRow(const ContainerRow& row, const PsOptions& o) {
  const state::Container& c = row.container;
  Value v = Value::Struct("containers.psReporter");
  v.Set("ID", ShortId(c.id, o.no_trunc)).Alias("Id");
  v.Set("Image", c.image_name).Set("ImageID", c.image_id);
  v.Set("Command", ShortCommand(c.command, o.no_trunc));
  v.Set("Created", Ago(c.created)).Set("CreatedHuman", Ago(c.created)).Set("CreatedAt", Value::Time(c.created));
  v.Set("RunningFor", Ago(c.created)).Set("Status", row.status).Set("State", row.state);
  v.Set("Ports", c.ports).Set("Names", c.name).Alias("Name");
  v.Set("Labels", PrintLabels(c.labels)).Set("Pid", row.pid).Alias("PID");
  v.Set("ExitCode", int64_t{c.exit_code}).Set("Exited", row.state == "exited");
  v.Set("StartedAt", c.started / 1'000'000'000).Set("ExitedAt", c.finished / 1'000'000'000);
  v.Set("AutoRemove", c.auto_remove).Set("Networks", c.network_mode);
  v.Set("Mounts", "").Set("Pod", "").Set("PodName", "").Set("Size", Size(row)).Set("IsInfra", false);
  v.Set("Restarts", c.restart_count);
  return v;
}

Value JsonRow(const ContainerRow& row) {
  const state::Container& c = row.container;
  const Result<engine::ContainerSpec> spec = engine::ContainerSpec::Parse(c.spec);
  Value labels = Value::Map();
  Value mounts = Value::List("[]string");
  if (spec.ok()) {
    for (const auto& [key, value] : spec->labels) labels.Set(key, value);
    for (const engine::ContainerMount& m : spec->mounts) mounts.Append(m.destination);
  }
  Value v = Value::Struct("containers.jsonRow");
  v.Set("AutoRemove", c.auto_remove).Set("Command", spec.ok() ? Value(spec->Argv()) : Value());
  v.Set("CreatedAt", Ago(c.created)).Set("Exited", row.state == "exited");
  v.Set("ExitedAt", c.finished / 1'000'000'000).Set("ExitCode", int64_t{c.exit_code});
  v.Set("Id", c.id).Set("Image", c.image_name).Set("ImageID", c.image_id).Set("IsInfra", false);
  v.Set("Labels", std::move(labels)).Set("Mounts", std::move(mounts));
  v.Set("Names", std::vector<std::string>{c.name});
  v.Set("Namespaces", Value::Struct("containers.namespaces")).Set("Networks", Value::List("[]string"));
  v.Set("Pid", row.pid).Set("Pod", "").Set("PodName", "");
  v.Set("Ports", c.ports).Set("Restarts", c.restart_count).Set("Size", Value());
  v.Set("StartedAt", c.started / 1'000'000'000).Set("State", row.state).Set("Status", row.status);
  v.Set("Created", c.created / 1'000'000'000);
  return v;
}

Result<std::string> Format(const std::vector<ContainerRow>& rows, const PsOptions& o) {
  if (o.quiet) {
    std::string text;
    for (const ContainerRow& row : rows) text += ShortId(row.container.id, o.no_trunc) + "\n";
    return text;
  }
  if (o.format.empty()) return DefaultTable(rows, o);
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const ContainerRow& row : rows) list.Append(JsonRow(row));
    return cli::ToJson(list, 2) + "\n";
  }
  cli::Listing listing;
  listing.name = "ps";
  listing.headers = {{"ID", "CONTAINER ID"}, {"Names", "NAMES"}, {"Created", "CREATED"}, {"CreatedHuman", "CREATED"}, {"ImageID", "IMAGE ID"}};
  for (const ContainerRow& row : rows) listing.rows.push_back(TemplateRow(row, o));
  return cli::FormatListing(listing, o.format, o.no_heading ? cli::Heading::kNo : cli::Heading::kYes);
}

Result<int> Run(Context& context, const PsOptions& o) {
  if (o.quiet && !o.format.empty() && !cli::IsJsonFormat(o.format))
    return Error(Code::kInvalidArgument, "quiet and format cannot be used together");
  if (o.list.last > 0 && o.list.latest)
    return Error(Code::kInvalidArgument, "last and latest cannot be used together");
  engine::ListContainersOptions list = o.list;
  list.with_spec = cli::IsJsonFormat(o.format);
  PrintRaw(context, TRY(Format(TRY(engine::ListContainers(context.engine, list)), o)));
  return 0;
}

}  // namespace

cli::Runnable PsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
