// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/system/commands.hpp"
#include "engine/input_time.hpp"
#include "engine/stream_events.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;
using events::Event;

struct EventsOptions {
  engine::EventsOptions events;
  std::string since, until, format;
  bool no_trunc = true;
};

cli::Command Describe(EventsOptions& o) {
  cli::Command c;
  c.summary = "Show what happens to containers, images and volumes";
  c.prose =
      "Prints each event as it comes. With --since or --until it begins with those that have been, as far as they are kept: since the host was started, and the last few megabytes of them.\n\n"
      "TIME is RFC 3339 (2006-01-02T15:04:05Z, 2006-01-02), seconds since 1970, or a duration like 10m: so long ago for --since, from now on for --until.";
  c.options.push_back({.name = "filter", .short_name = 'f', .value = "key=value", .help = "Show the events that match: container, event, image, label, pod, type, volume", .sink = &o.events.filters, .words = words::kEventFilters});
  c.options.push_back({.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kEventFormats});
  c.options.push_back({.name = "stream", .help = "Go on with what happens; --stream=false shows what has been", .sink = &o.events.stream});
  c.options.push_back({.name = "since", .value = "time", .help = "Show what happened after TIME", .sink = &o.since});
  c.options.push_back({.name = "until", .value = "time", .help = "Show what happened before TIME", .sink = &o.until});
  c.options.push_back({.name = "no-trunc", .help = "Show ids whole", .sink = &o.no_trunc});
  c.examples = {{"events", "What happens from now on"}, {"events --since 1h --stream=false --filter event=died", "Containers that ended in the last hour"}, {"events --format json"}};
  return c;
}

Value ToValue(const Event& e) {
  Value v = Value::Struct("system.Event");
  if (e.exit_code) v.Set("ContainerExitCode", *e.exit_code);
  else v.Set("ContainerExitCode", Value::NilPointer("*int"), {.omit_empty = true});
  v.Set("ID", e.id, {.omit_empty = true}).Set("Image", e.image, {.omit_empty = true});
  v.Set("Name", e.name, {.omit_empty = true}).Set("Network", e.type == "network" ? e.name : "", {.name = "network", .omit_empty = true});
  v.Set("Status", e.status).Set("Time", e.time / 1'000'000'000, {.name = "time"});
  v.Set("TimeNano", e.time, {.name = "timeNano"}).Set("Type", e.type);
  v.Set("HealthStatus", e.health, {.name = "health_status", .omit_empty = true});
  v.Set("Error", e.error, {.omit_empty = true});
  Value attributes = e.attributes.empty() ? Value::NilMap() : Value::Map();
  for (const auto& [key, value] : e.attributes) attributes.Set(key, value);
  v.Set("Attributes", attributes);
  return v;
}

std::string ToText(const Event& e, bool whole_id) {
  const std::string id = whole_id ? e.id : e.id.substr(0, 12);
  std::string text = cli::TimeText(Value::Time(e.time).as_time()) + " " + e.type + " " + e.status;
  if (e.type == "container" || e.type == "pod") {
    text += " " + id + " (image=" + e.image + ", name=" + e.name;
    if (!e.health.empty()) text += ", health_status=" + e.health;
    for (const auto& [key, value] : e.attributes) text.append(", ").append(key).append("=").append(value);
    return Printable(text) + ")";
  }
  if (e.type == "network") {
    text += " " + id + " (";
    for (const auto& [key, value] : e.attributes)
      if (key == "container") text += "container=" + value + ", ";
    text += "name=" + e.name;
    for (const auto& [key, value] : e.attributes)
      if (key != "container") text.append(", ").append(key).append("=").append(value);
    return Printable(text) + ")";
  }
  if (e.type == "image") text += " " + id + " " + e.name + (e.error.empty() ? "" : " " + e.error);
  else if (!e.name.empty()) text += " " + e.name;
  return Printable(text);
}

Result<std::string> Format(const Event& event, const EventsOptions& o) {
  if (o.format.empty()) return ToText(event, o.no_trunc) + "\n";
  const Value value = ToValue(event);
  if (cli::IsJsonFormat(o.format)) return cli::ToJson(value) + "\n";
  return cli::FormatListing({.name = "events", .rows = {value}}, o.format, cli::Heading::kNo);
}

Result<std::optional<int64_t>> Time(const std::string& text, const char* which, engine::Direction direction) {
  if (text.empty()) return std::optional<int64_t>();
  Result<int64_t> time = engine::ParseInputTime(text, direction);
  if (!time.ok()) return std::move(time).error().Wrap(std::string("unable to convert ") + which + " time of " + Printable(text));
  return std::optional<int64_t>(*time);
}

Result<int> Run(Context& context, const EventsOptions& o) {
  engine::EventsOptions events = o.events;
  events.since = TRY(Time(o.since, "since", engine::Direction::kSince));
  events.until = TRY(Time(o.until, "until", engine::Direction::kUntil));
  TRY(engine::StreamEvents(context.engine, events, [&](const Event& event) -> Result<bool> {
    return PrintRaw(context, TRY(Format(event, o)));
  }));
  return 0;
}

}  // namespace

cli::Runnable EventsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
