// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "engine/image_history.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::HistoryRow;

struct HistoryOptions {
  std::string image, format;
  bool human = true, no_trunc = false, quiet = false;
};

cli::Command Describe(HistoryOptions& o) {
  cli::Command c;
  c.summary = "Show how an image was made";
  c.prose = "Shows the steps that made IMAGE, the last one first, and what each has added.";
  c.options = {{.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kHistoryFormats},
               {.name = "human", .short_name = 'H', .help = "Print times as ages", .sink = &o.human},
               {.name = "no-trunc", .help = "Show everything whole", .sink = &o.no_trunc, .aliases = {"notruncate"}},
               {.name = "quiet", .short_name = 'q', .help = "Print ids only", .sink = &o.quiet}};
  c.args = {{.name = "IMAGE", .sink = &o.image, .complete = cli::Complete::kImages}};
  c.examples = {{"history alpine"}, {"history --no-trunc --format \"{{.CreatedBy}}\" alpine", "The commands that made it"}};
  return c;
}

int64_t CreatedNanos(const HistoryRow& row) { return ParseRfc3339(row.created).value_or(0); }

std::string ShownId(const HistoryRow& row, const HistoryOptions& o) {
  if (row.id.empty()) return "<missing>";
  return o.no_trunc ? row.id : row.id.substr(0, 12);
}

std::string Ago(const HistoryRow& row) { return HumanDuration(WallNanos() - CreatedNanos(row)) + " ago"; }

std::string SecondsUtc(const HistoryRow& row) { return Rfc3339Utc(CreatedNanos(row)).substr(0, 19) + "Z"; }

std::string CreatedBy(const HistoryRow& row, const HistoryOptions& o) {
  constexpr size_t kWidth = 45;
  if (o.no_trunc || row.created_by.size() <= kWidth) return row.created_by;
  return row.created_by.substr(0, kWidth - 3) + "...";
}

Value TemplateRow(const HistoryRow& row, const HistoryOptions& o) {
  Value v = Value::Struct("images.historyReporter");
  v.Set("ID", ShownId(row, o)).Set("Created", o.human ? Ago(row) : SecondsUtc(row));
  v.Set("CreatedAt", cli::TimeText({.seconds = CreatedNanos(row) / 1'000'000'000}));
  v.Set("CreatedSince", Ago(row)).Set("CreatedBy", CreatedBy(row, o));
  v.Set("Size", HumanSize(row.size)).Set("Comment", row.comment).Set("Tags", Value::NilList());
  return v;
}

Value JsonRow(const HistoryRow& row) {
  Value v = Value::Struct("images.historyLayer");
  v.Set("id", row.id.empty() ? std::string("<missing>") : row.id);
  v.Set("created", row.created.empty() ? SecondsUtc(row) : row.created);
  v.Set("CreatedBy", row.created_by, {.omit_empty = true}).Set("size", row.size);
  v.Set("comment", row.comment, {.omit_empty = true}).Set("Created", SecondsUtc(row));
  return v;
}

Result<std::string> Format(const std::vector<HistoryRow>& rows, const HistoryOptions& o) {
  std::string text;
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const HistoryRow& row : rows) list.Append(JsonRow(row));
    return cli::ToJson(list) + "\n";
  }
  if (o.quiet) {
    for (const HistoryRow& row : rows) text += ShownId(row, o) + "\n";
    return text;
  }
  if (!o.format.empty()) {
    cli::Listing listing;
    listing.name = "history";
    for (const HistoryRow& row : rows) listing.rows.push_back(TemplateRow(row, o));
    return cli::FormatListing(listing, o.format);
  }
  std::vector<std::vector<std::string>> cells = {{"ID", "CREATED", "CREATED BY", "SIZE", "COMMENT"}};
  for (const HistoryRow& row : rows)
    cells.push_back({ShownId(row, o), o.human ? Ago(row) : SecondsUtc(row), Printable(CreatedBy(row, o)), HumanSize(row.size),
                     Printable(row.comment)});
  return cli::AlignRows(cells);
}

Result<int> Run(Context& context, const HistoryOptions& o) {
  PrintRaw(context, TRY(Format(TRY(engine::ImageHistory(context.engine, o.image)), o)));
  return 0;
}

}  // namespace

cli::Runnable HistoryCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
