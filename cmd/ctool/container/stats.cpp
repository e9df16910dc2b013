// SPDX-License-Identifier: Apache-2.0
#include "engine/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <thread>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/sink.hpp"
#include "cli/table.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::Usage;

struct StatsOptions {
  std::vector<std::string> names;
  bool all = false, latest = false, no_stream = false, no_trunc = false, no_reset = false;
  int64_t interval = 5;
  std::string format;
};

cli::Command Describe(StatsOptions& o) {
  cli::Command c;
  c.summary = "Show what containers use";
  c.prose =
      "Shows processor time, memory, network and disk traffic and the number of processes of each CONTAINER, or of all that run, every few seconds. "
      "The figures are those of their control groups; without one, or without a controller, memory, processor time and processes are added up from "
      "/proc, and disk traffic is not known.";
  c.options.push_back({.name = "all", .short_name = 'a', .help = "Show those that do not run too", .sink = &o.all});
  c.options.push_back({.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kStatsFormats});
  c.options.push_back({.name = "interval", .short_name = 'i', .value = "seconds", .help = "Time between two looks", .sink = &o.interval});
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Show the container that was created last", .sink = &o.latest});
  c.options.push_back({.name = "no-reset", .help = "Print one table below the other", .sink = &o.no_reset});
  c.options.push_back({.name = "no-stream", .help = "Look once", .sink = &o.no_stream});
  c.options.push_back({.name = "no-trunc", .help = "Print whole ids", .sink = &o.no_trunc});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.names, .complete = cli::Complete::kRunningContainers}};
  c.examples = {{"stats --no-stream"}, {"stats --no-stream --format '{{.Name}} {{.MemUsage}}' web"}, {"stats -i 1 web db"}};
  return c;
}

std::string Scaled(int64_t bytes, double kilo, const std::array<const char*, 7>& units) {
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= kilo && unit + 1 < units.size(); ++unit) size /= kilo;
  return fmt::format("{:.4g}{}", size, units[unit]);
}
// docker/go-units' HumanSize and BytesSize.
std::string Human(int64_t bytes) { return Scaled(bytes, 1000, {"B", "kB", "MB", "GB", "TB", "PB", "EB"}); }
std::string Binary(int64_t bytes) { return Scaled(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}); }
std::string Both(const std::string& a, const std::string& b) { return a + " / " + b; }
std::string Percent(double value) { return fmt::format("{:.2f}%", value); }

// A container as it is shown.
struct Row {
  std::string id, name;
  Usage usage;
  double cpu = 0, average = 0;  // percent of one processor: since the last look, and since its start
  double memory() const { return usage.memory_limit > 0 ? 100.0 * static_cast<double>(usage.memory) / static_cast<double>(usage.memory_limit) : 0; }
};

std::vector<std::string> Cells(const Row& r) {
  const Usage& u = r.usage;
  return {r.id, r.name, Percent(r.cpu), Both(Human(u.memory), Human(u.memory_limit)), Percent(r.memory()), Both(Human(u.net_in), Human(u.net_out)),
          Both(Human(u.block_in), Human(u.block_out)), std::to_string(u.pids), cli::DurationText(u.cpu), Percent(r.average)};
}

constexpr const char* kHeaders[] = {"ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET IO", "BLOCK IO", "PIDS", "CPU TIME", "AVG CPU %"};
constexpr const char* kJsonKeys[] = {"id", "name", "cpu_percent", "mem_usage", "mem_percent", "net_io", "block_io", "pids", "cpu_time", "avg_cpu"};
// In the order in which podman's JSON has them.
constexpr size_t kJsonOrder[] = {0, 1, 8, 2, 9, 3, 4, 5, 6, 7};

Value JsonRow(const Row& row) {
  const std::vector<std::string> cells = Cells(row);
  Value v = Value::Struct("containers.jsonStat");
  for (const size_t i : kJsonOrder) v.Set(kJsonKeys[i], cells[i]);
  return v;
}

Value TemplateRow(const Row& row) {
  const Usage& u = row.usage;
  const std::vector<std::string> cells = Cells(row);
  Value v = Value::Struct("containers.containerStats");
  constexpr const char* kNames[] = {"ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDS", "UpTime", "AVGCPU"};
  for (size_t i = 0; i < cells.size(); ++i) v.Set(kNames[i], cells[i]);
  v.Set("ContainerID", row.id).Set("Container", row.id).Set("CPU", row.cpu).Set("AvgCPU", row.average).Set("CPUNano", u.cpu);
  v.Set("MemUsageBytes", Both(Binary(u.memory), Binary(u.memory_limit))).Set("MemLimit", u.memory_limit);
  v.Set("NetInput", u.net_in).Set("NetOutput", u.net_out).Set("BlockInput", u.block_in).Set("BlockOutput", u.block_out);
  v.Set("Duration", u.cpu).Set("SystemNano", u.up);
  return v;
}

Result<std::string> Format(const std::vector<Row>& rows, const std::string& format) {
  if (cli::IsJsonFormat(format)) {
    Value list = Value::List();
    for (const Row& row : rows) list.Append(JsonRow(row));
    return cli::ToJson(list, 1) + "\n";
  }
  if (format.empty()) {
    std::vector<std::vector<std::string>> cells = {{std::begin(kHeaders), std::end(kHeaders)}};
    for (const Row& row : rows) cells.push_back(Cells(row));
    return cli::AlignRows(cells);
  }
  cli::Listing listing;
  listing.name = "stats";
  listing.headers = {{"ID", "ID"}, {"CPUPerc", "CPU %"}, {"MemUsage", "MEM USAGE / LIMIT"}, {"MemUsageBytes", "MEM USAGE / LIMIT"}, {"MemPerc", "MEM %"}, {"NetIO", "NET IO"}, {"BlockIO", "BLOCK IO"}, {"UpTime", "CPU TIME"}, {"AVGCPU", "AVG CPU %"}};
  for (const Row& row : rows) listing.rows.push_back(TemplateRow(row));
  return cli::FormatListing(listing, format, cli::Heading::kYes);
}

struct Shown {
  std::string id, name;
};

// What is looked at this time: containers come and go, unless they are named.
Result<std::vector<Shown>> Select(Context& context, const StatsOptions& o) {
  std::vector<Shown> shown;
  if (!o.names.empty()) {
    for (const std::string& name : o.names) {
      Result<state::Container> found = engine::FindContainer(context.engine, name);
      if (!found.ok()) return std::move(found).error().Wrap("unable to get list of containers: unable to look up container " + Printable(name));
      shown.push_back({found->id, found->name});
    }
    return shown;
  }
  engine::ListContainersOptions list;
  list.all = o.all || o.latest;
  list.latest = o.latest;
  for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list))) shown.push_back({row.container.id, row.container.name});
  return shown;
}

Status CheckOptions(const StatsOptions& o) {
  if (o.interval <= 0) return Error(Code::kInvalidArgument, "invalid interval, must be a positive number greater zero");
  if (int(o.all) + int(o.latest) + int(!o.names.empty()) > 1)
    return Error(Code::kInvalidArgument, "--all, --latest and containers cannot be used together");
  return Ok();
}

double Share(int64_t cpu, int64_t time) { return time > 0 ? 100.0 * static_cast<double>(cpu) / static_cast<double>(time) : 0; }

Result<std::vector<Row>> Look(Context& context, const StatsOptions& o, std::map<std::string, Usage>& before) {
  constexpr size_t kShortId = 12;
  std::vector<Row> rows;
  std::map<std::string, Usage> now;
  for (const Shown& shown : TRY(Select(context, o))) {
    const Result<Usage> usage = engine::UsageOf(context.engine, shown.id);
    if (!usage.ok() && usage.error().code() == Code::kNotFound) continue;  // removed just now
    if (!usage.ok()) return usage.error();
    Row row{o.no_trunc ? shown.id : shown.id.substr(0, kShortId), shown.name, *usage};
    row.cpu = row.average = Share(usage->cpu, usage->up);
    // Restarted, it begins anew.
    const auto last = before.find(shown.id);
    if (last != before.end() && last->second.cpu <= usage->cpu && last->second.up > 0)
      row.cpu = Share(usage->cpu - last->second.cpu, usage->taken - last->second.taken);
    now[shown.id] = *usage;
    rows.push_back(std::move(row));
  }
  before = std::move(now);
  return rows;
}

void WarnOnce(const std::vector<Row>& rows, bool& warned) {
  const auto counted = std::find_if(rows.begin(), rows.end(), [](const Row& r) { return !r.usage.counted.empty(); });
  if (warned || counted == rows.end()) return;
  warned = true;
  const bool none = counted->usage.counted.find("processor time") != std::string::npos;
  Warn("without " + std::string(none ? "a control group" : "the controllers for it") + " " + counted->usage.counted + " are added up from /proc" +
       (none ? ", and disk traffic is not known" : ""));
}

Result<int> Run(Context& context, const StatsOptions& o) {
  TRY(CheckOptions(o));
  bool warned = false;
  for (std::map<std::string, Usage> before;;) {
    const std::vector<Row> rows = TRY(Look(context, o, before));
    WarnOnce(rows, warned);
    const bool resets = !o.no_stream && !o.no_reset && !cli::IsJsonFormat(o.format);
    const bool read = PrintRaw(context, (resets ? "\033[H\033[2J" : "") + TRY(Format(rows, o.format)));
    if (o.no_stream || !read) return 0;
    std::this_thread::sleep_for(std::chrono::seconds(o.interval));
  }
}

}  // namespace

cli::Runnable StatsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
