// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "ctool/words.hpp"
#include "engine/image_labels.hpp"
#include "engine/images.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::ImageRow;

struct ImagesOptions {
  engine::ListImagesOptions list;
  std::string format;
  bool quiet = false, no_trunc = false, no_heading = false, digests = false, history = false;
};

cli::Command Describe(ImagesOptions& o) {
  cli::Command c;
  c.summary = "List images";
  c.prose =
      "Shows the images that are there, newest first, a line for each name. With REFERENCE only "
      "those it names or matches.";
  c.options.push_back({.name = "all",
                       .short_name = 'a',
                       .help = "Show images without a name that others are built on too",
                       .sink = &o.list.all});
  c.options.push_back(
      {.name = "quiet", .short_name = 'q', .help = "Print ids only", .sink = &o.quiet});
  c.options.push_back({.name = "format",
                       .value = "format",
                       .help = "Print by a Go template, or json",
                       .sink = &o.format,
                       .words = words::kImagesFormats});
  c.options.push_back({.name = "filter",
                       .short_name = 'f',
                       .value = "key=value",
                       .help = "Show the images that match",
                       .sink = &o.list.filters,
                       .words = words::kImageFilters});
  c.options.push_back({.name = "sort",
                       .value = "key",
                       .help = "Sort by created, id, repository, size or tag",
                       .sink = &o.list.sort,
                       .values = {"created", "id", "repository", "size", "tag"}});
  c.options.push_back({.name = "digests", .help = "Show digests", .sink = &o.digests});
  c.options.push_back(
      {.name = "history", .help = "Show the names that the image has had", .sink = &o.history});
  c.options.push_back({.name = "no-trunc",
                       .help = "Show ids whole",
                       .sink = &o.no_trunc,
                       .aliases = {"notruncate"}});
  c.options.push_back({.name = "noheading",
                       .short_name = 'n',
                       .help = "Leave the headings out",
                       .sink = &o.no_heading,
                       .aliases = {"noheader"}});
  c.args = {{.name = "REFERENCE",
             .min = 0,
             .sink = &o.list.reference,
             .complete = cli::Complete::kImages}};
  c.examples = {{"images", "All images"},
                {"images --filter dangling=true -q", "The ids of those without a name"},
                {"images --format \"{{.Repository}}:{{.Tag}} {{.Size}}\"", "Names and sizes"}};
  return c;
}

std::string ShownId(const std::string& id, bool whole) {
  return whole ? "sha256:" + id : id.substr(0, 12);
}

// An image says when it was made, or not: 0 is shown as 1970, as podman does.
std::string Ago(int64_t at) { return HumanDuration(WallNanos() - at) + " ago"; }

std::string DefaultTable(const std::vector<ImageRow>& rows, const ImagesOptions& o) {
  std::vector<std::vector<std::string>> cells;
  cells.reserve(rows.size() + 1);
  const auto add = [&](std::string repository, std::string tag, std::string digest, std::string id,
                       std::string created, std::string size, std::string history) {
    std::vector<std::string> row = {std::move(repository), std::move(tag)};
    if (o.digests) row.push_back(std::move(digest));
    row.insert(row.end(), {std::move(id), std::move(created), std::move(size)});
    if (o.history) row.push_back(std::move(history));
    cells.push_back(std::move(row));
  };
  if (!o.no_heading) add("REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE", "HISTORY");
  for (const ImageRow& row : rows) {
    const state::Image& image = row.image;
    add(Printable(row.repository), Printable(row.tag), image.manifest_digest,
        ShownId(image.id, o.no_trunc), Ago(image.created), HumanSize(image.size),
        image.names.empty() ? "<none>" : Printable(Join(image.names, ", ")));
  }
  return cli::AlignRows(cells);
}

Value Labels(const state::Image& image) {
  const std::map<std::string, std::string> found = engine::LabelsOf(image);
  if (found.empty()) return Value::NilMap();
  Value labels = Value::Map();
  for (const auto& [key, value] : found) labels.Set(key, value);
  return labels;
}

Value Texts(const std::vector<std::string>& texts) {
  return texts.empty() ? Value::NilList() : Value(texts);
}

Value TemplateRow(const ImageRow& row, const ImagesOptions& o) {
  const state::Image& image = row.image;
  const std::string at = cli::TimeText({.seconds = image.created / 1'000'000'000, .zone = "UTC"});
  Value v = Value::Struct("images.imageReporter");
  v.Set("Repository", row.repository).Set("Tag", row.tag);
  v.Set("ID", ShownId(image.id, o.no_trunc)).Set("Id", image.id);
  v.Set("Created", Ago(image.created)).Set("CreatedSince", Ago(image.created));
  v.Set("CreatedAt", at).Set("CreatedTime", at);
  v.Set("Size", HumanSize(image.size)).Set("VirtualSize", image.size).Set("SharedSize", 0);
  v.Set("Digest", image.manifest_digest).Set("History", Join(image.names, ", "));
  v.Set("Names", Texts(image.names))
      .Set("RepoTags", Texts(image.names))
      .Set("RepoDigests", Texts(image.digests));
  v.Set("Labels", Labels(image)).Set("Containers", row.containers);
  v.Set("Dangling", image.names.empty())
      .Set("ReadOnly", false)
      .Set("ParentId", "")
      .Alias("ParentID");
  return v;
}

Value JsonRow(const ImageRow& row) {
  const state::Image& image = row.image;
  Value v = Value::Struct("images.image");
  v.Set("Id", image.id).Set("ParentId", "").Set("RepoTags", Value::NilList());
  v.Set("RepoDigests", Texts(image.digests)).Set("Size", image.size).Set("SharedSize", 0);
  v.Set("VirtualSize", image.size).Set("Labels", Labels(image)).Set("Containers", row.containers);
  v.Set("Dangling", image.names.empty(), {.omit_empty = true});
  v.Set("Names", Texts(image.names), {.omit_empty = true}).Set("Digest", image.manifest_digest);
  v.Set("History", Texts(image.names), {.omit_empty = true});
  v.Set("Repository", row.repository).Set("Tag", row.tag);
  v.Set("Created", image.created / 1'000'000'000);
  v.Set("CreatedAt", Value::Time({.seconds = image.created / 1'000'000'000, .zone = "UTC"}));
  return v;
}

std::string Ids(const std::vector<ImageRow>& rows, const ImagesOptions& o) {
  std::set<std::string_view> seen;
  std::string text;
  for (const ImageRow& row : rows)
    if (seen.insert(row.image.id).second) text += ShownId(row.image.id, o.no_trunc) + "\n";
  return text;
}

Result<std::string> Format(const std::vector<ImageRow>& rows, const ImagesOptions& o) {
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const ImageRow& row : rows) list.Append(JsonRow(row));
    return cli::ToJson(list, 4) + "\n";
  }
  if (o.quiet) return Ids(rows, o);
  if (o.format.empty()) return DefaultTable(rows, o);
  cli::Listing listing;
  listing.name = "images";
  listing.headers = {{"ID", "IMAGE ID"}, {"ReadOnly", "R/O"}, {"CreatedSince", "CREATED"}};
  for (const ImageRow& row : rows) listing.rows.push_back(TemplateRow(row, o));
  return cli::FormatListing(listing, o.format,
                            o.no_heading ? cli::Heading::kNo : cli::Heading::kYes);
}

Result<int> Run(Context& context, const ImagesOptions& o) {
  engine::ListImagesOptions list = o.list;
  // A template may name the labels by "." too.
  list.with_config = !o.format.empty() && (!o.quiet || cli::IsJsonFormat(o.format));
  PrintRaw(context, TRY(Format(TRY(engine::ListImages(context.engine, list)), o)));
  return 0;
}

}  // namespace

cli::Runnable ImagesCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
