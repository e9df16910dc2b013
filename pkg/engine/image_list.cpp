// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "engine/image_list_internal.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

constexpr char kNone[] = "<none>";

// A name that is no reference (a damaged row) is shown as it is.
ImageRow RowOf(const state::Image& image, const std::string& name) {
  ImageRow row;
  row.image = image;
  row.name = name;
  const Result<spec::Reference> parsed = spec::Reference::Parse(name);
  row.repository = parsed.ok() ? parsed->Repository() : Printable(name);
  row.tag = parsed.ok() && !parsed->tag.empty() ? parsed->tag : kNone;
  return row;
}

// A row for each tag; without tags one for a digest, without any name one for the image.
std::vector<ImageRow> RowsOf(const state::Image& image, const std::string& pattern) {
  std::vector<ImageRow> tagged, untagged;
  for (const std::string& name : image.names) {
    if (!pattern.empty() && !MatchesReference(pattern, name)) continue;
    ImageRow row = RowOf(image, name);
    (row.tag == kNone ? untagged : tagged).push_back(std::move(row));
  }
  if (!tagged.empty()) return tagged;
  if (!untagged.empty()) return {std::move(untagged.front())};
  ImageRow row;
  row.repository = row.tag = kNone;
  row.image = image;
  // The argument named the image itself: an id, or a short name of it.
  if (!pattern.empty() && !image.names.empty()) row = RowOf(image, image.names.front());
  return {std::move(row)};
}

Result<std::map<std::string, int64_t>> CountContainers(state::Database& db) {
  std::map<std::string, int64_t> count;
  for (const state::Container& container :
       TRY(db.ListContainers(state::Database::ContainerFields::kSummary)))
    ++count[container.image_id];
  return count;
}

Status Sort(std::vector<ImageRow>& rows, const std::string& by) {
  const auto sort = [&rows](auto key) {
    std::stable_sort(rows.begin(), rows.end(), [&key](const ImageRow& a, const ImageRow& b) {
      return key(a) < key(b);
    });
  };
  if (by == "created" || by.empty())
    sort([](const ImageRow& row) { return -row.image.created; });
  else if (by == "id")
    sort([](const ImageRow& row) { return row.image.id; });
  else if (by == "repository")
    sort([](const ImageRow& row) { return row.repository; });
  else if (by == "tag")
    sort([](const ImageRow& row) { return row.tag; });
  else if (by == "size")
    sort([](const ImageRow& row) { return row.image.size; });
  else
    return Error(Code::kInvalidArgument, Quote(by) + " is not a valid field for sorting. Choose from: created, id, repository, size, tag");
  return Ok();
}

// Configs are most of what there is to read, and seldom wanted: for labels, and to tell whether a nameless image is another's parent.
Result<std::vector<state::Image>> ReadImages(state::Database& db, const ListImagesOptions& options,
                                             const std::vector<std::string>& filters) {
  using Fields = state::Database::ImageFields;
  const bool by_label =
      std::any_of(filters.begin(), filters.end(), [](const std::string& filter) { return StartsWith(filter, "label"); });
  if (options.with_config || by_label) return db.ListImages(Fields::kAll);
  std::vector<state::Image> images = TRY(db.ListImages(Fields::kSummary));
  if (std::any_of(images.begin(), images.end(), [](const state::Image& image) { return image.names.empty(); }))
    return db.ListImages(Fields::kAll);
  return images;
}

}  // namespace

Result<std::vector<ImageRow>> ListImages(Engine& engine, const ListImagesOptions& options) {
  std::vector<std::string> filters = options.filters;
  if (!options.reference.empty()) {
    for (const std::string& filter : filters)
      if (StartsWith(filter, "reference="))
        return Error(Code::kInvalidArgument,
                     "cannot specify an image and a filter(s) of the kind \"reference\"");
    filters.push_back("reference=" + options.reference);
  }
  const bool asked_for_unnamed =
      std::any_of(filters.begin(), filters.end(), [](const std::string& filter) {
        return StartsWith(filter, "dangling=") || StartsWith(filter, "intermediate=");
      });
  if (!options.all && !asked_for_unnamed) filters.emplace_back("intermediate=false");
  state::Database& db = *TRY(engine.Db());
  const std::vector<state::Image> images = TRY(FilterImages(engine, TRY(ReadImages(db, options, filters)), filters));
  std::map<std::string, int64_t> containers = TRY(CountContainers(db));
  std::vector<ImageRow> rows;
  for (const state::Image& image : images) {
    for (ImageRow& row : RowsOf(image, options.reference)) {
      row.containers = containers[image.id];
      rows.push_back(std::move(row));
    }
  }
  TRY(Sort(rows, options.sort));
  return rows;
}

Result<std::vector<std::string>> AllImageIds(Engine& engine) {
  ListImagesOptions list;
  list.all = true;
  std::vector<std::string> ids;
  for (const ImageRow& row : TRY(ListImages(engine, list)))
    if (ids.empty() || ids.back() != row.image.id) ids.push_back(row.image.id);
  return ids;
}

}  // namespace ctool::engine
