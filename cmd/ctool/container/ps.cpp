// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>

#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/container/options.hpp"
#include "ctool/container/ps_rows.hpp"
#include "engine/containers.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::ContainerRow;

struct PsOptions {
  engine::ListContainersOptions list;
  std::string format;
  bool quiet = false, no_trunc = false, no_heading = false, external = false, sync = false;
  bool pod = false;
  uint64_t watch = 0;
};

cli::Command Describe(PsOptions& o) {
  cli::Command c;
  c.summary = "List containers";
  c.prose = "Shows the containers that run, or with -a all of them, oldest first.";
  c.options.push_back({.name = "all", .short_name = 'a', .help = "Show containers that do not run too", .sink = &o.list.all});
  c.options.push_back({.name = "quiet", .short_name = 'q', .help = "Print ids only", .sink = &o.quiet});
  c.options.push_back({.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kPsFormats});
  c.options.push_back({.name = "last", .short_name = 'n', .value = "number", .help = "Show so many, whatever their state", .sink = &o.list.last});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Show the one that was created last", .sink = &o.list.latest});
  c.options.push_back({.name = "filter", .short_name = 'f', .value = "key=value", .help = "Show the containers that match", .sink = &o.list.filters, .words = words::kContainerFilters});
  c.options.push_back({.name = "sort", .value = "key", .help = "Sort by created, id, image, names, command, runningfor, size or status", .sink = &o.list.sort, .values = {"command", "created", "id", "image", "names", "runningfor", "size", "status"}, .only_values = true});
  c.options.push_back({.name = "no-trunc", .help = "Show ids and commands whole", .sink = &o.no_trunc, .aliases = {"notruncate"}});
  c.options.push_back({.name = "noheading", .help = "Leave the headings out", .sink = &o.no_heading, .aliases = {"noheader"}});
  c.options.push_back({.name = "pod", .short_name = 'p', .help = "Show the pod of each: there are none", .sink = &o.pod});
  c.options.push_back({.name = "ns", .help = "Show the namespaces of each", .sink = &o.list.with_namespaces, .aliases = {"namespace"}});
  c.options.push_back({.name = "size", .short_name = 's', .help = "Show what each takes on disk", .sink = &o.list.with_size});
  c.options.push_back({.name = "watch", .short_name = 'w', .value = "seconds", .help = "Show them again and again", .sink = &o.watch});
  c.options.push_back({.name = "external", .help = "Accepted for podman's sake", .sink = &o.external, .aliases = {"storage"}, .hidden = true});
  c.options.push_back({.name = "sync", .help = "Accepted for podman's sake: the state is always the real one", .sink = &o.sync, .hidden = true});
  c.examples = {{"ps -a", "All containers"}, {"ps --format \"{{.Names}} {{.Status}}\"", "Names and states"}};
  return c;
}

std::string DefaultTable(const std::vector<ContainerRow>& rows, const PsOptions& o) {
  std::vector<std::vector<std::string>> cells;
  cells.reserve(rows.size() + 1);
  if (!o.no_heading) {
    cells.push_back({"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"});
    if (o.pod) cells[0].insert(cells[0].end(), {"POD ID", "PODNAME"});
    if (o.list.with_size) cells[0].emplace_back("SIZE");
  }
  for (const ContainerRow& row : rows) {
    const state::Container& c = row.container;
    cells.push_back({PsId(c.id, o.no_trunc), Printable(c.image_name), Printable(PsCommand(c.command, o.no_trunc)),
                     PsAgo(c.created), row.status, c.ports, c.name});
    if (o.pod) cells.back().insert(cells.back().end(), {"", ""});
    if (o.list.with_size) cells.back().push_back(PsSize(row));
  }
  return cli::AlignRows(cells);
}

std::string NamespaceTable(const std::vector<ContainerRow>& rows, const PsOptions& o) {
  std::vector<std::vector<std::string>> cells;
  if (!o.no_heading) cells.push_back({"CONTAINER ID", "NAMES", "PID", "CGROUPNS", "IPC", "MNT", "NET", "PIDNS", "USERNS", "UTS"});
  for (const ContainerRow& row : rows) {
    const engine::ContainerNamespaces& n = row.namespaces;
    cells.push_back({PsId(row.container.id, o.no_trunc), row.container.name, std::to_string(row.pid), n.cgroup, n.ipc,
                     n.mnt, n.net, n.pid, n.user, n.uts});
  }
  return cli::AlignRows(cells);
}

Result<std::string> Format(const std::vector<ContainerRow>& rows, const PsOptions& o) {
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const ContainerRow& row : rows) list.Append(PsJsonRow(row));
    return cli::ToJson(list, 2) + "\n";
  }
  if (o.quiet && o.format.empty()) {
    std::string text;
    for (const ContainerRow& row : rows) text += PsId(row.container.id, o.no_trunc) + "\n";
    return text;
  }
  if (o.format.empty()) return o.list.with_namespaces ? NamespaceTable(rows, o) : DefaultTable(rows, o);
  cli::Listing listing;
  listing.name = "ps";
  listing.headers = {{"ID", "CONTAINER ID"}, {"Names", "NAMES"}, {"Created", "CREATED"}, {"CreatedHuman", "CREATED"}, {"ImageID", "IMAGE ID"}, {"Pod", "POD ID"}, {"PodName", "PODNAME"}, {"Cgroup", "CGROUPNS"}, {"User", "USERNS"}};
  const PsFields fields(o.format);
  for (const ContainerRow& row : rows) listing.rows.push_back(PsTemplateRow(row, o.no_trunc, fields));
  return cli::FormatListing(listing, o.format, o.no_heading ? cli::Heading::kNo : cli::Heading::kYes);
}

// podman's words.
Status CheckOptions(const PsOptions& o) {
  const auto refuse = [](const char* text) { return Error(Code::kInvalidArgument, text); };
  if (o.list.last > 0 && o.list.latest) return refuse("last and latest are mutually exclusive");
  if (o.quiet && (o.list.with_size || o.list.with_namespaces)) return refuse("quiet conflicts with size and namespace");
  if (o.list.with_size && o.list.with_namespaces) return refuse("size and namespace options conflict");
  if (o.watch > 0 && o.list.latest) return refuse("the watch and latest flags cannot be used together");
  return Ok();
}

Result<int> Run(Context& context, const PsOptions& o) {
  TRY(CheckOptions(o));
  engine::ListContainersOptions list = o.list;
  // The whole record is read only for what the summary lacks.
  list.with_spec = cli::IsJsonFormat(o.format);
  for (const char* field : {".Mounts", ".ExposedPorts", ".CIDFile"})
    list.with_spec = list.with_spec || o.format.find(field) != std::string::npos;
  for (;;) {
    const std::string text = TRY(Format(TRY(engine::ListContainers(context.engine, list)), o));
    const bool read = PrintRaw(context, o.watch == 0 ? text : "\033[H\033[2J" + text);
    if (o.watch == 0 || !read) return 0;
    std::this_thread::sleep_for(std::chrono::seconds(o.watch));
  }
}

}  // namespace

cli::Runnable PsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
