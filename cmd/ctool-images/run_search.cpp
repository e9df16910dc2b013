// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"

namespace ctool {
namespace {

using cli::Value;
using engine::SearchRow;

std::string Shortened(const std::string& text, bool whole) {
  constexpr size_t kMost = 44;
  std::string line = text.substr(0, text.find('\n'));
  if (whole || line.size() <= kMost) return whole ? text : line;
  return line.substr(0, kMost) + "...";
}

Value RowValue(const SearchRow& row, const SearchCommandOptions& o) {
  Value v = Value::Struct("images.searchReport");
  v.Set("Index", row.index).Set("Name", row.name).Set("Description", Shortened(row.description, o.no_trunc));
  v.Set("Stars", row.stars).Set("Official", row.official ? "[OK]" : "").Set("Automated", row.automated ? "[OK]" : "");
  return std::move(v.Set("Tag", row.tag));
}

std::string Table(const std::vector<SearchRow>& rows, const SearchCommandOptions& o) {
  std::vector<std::vector<std::string>> cells;
  if (o.list_tags) cells.push_back({"NAME", "TAG"});
  else if (o.compatible) cells.push_back({"NAME", "DESCRIPTION", "STARS", "OFFICIAL", "AUTOMATED"});
  else cells.push_back({"NAME", "DESCRIPTION"});
  for (const SearchRow& row : rows) {
    const std::string name = Printable(row.name), description = Printable(Shortened(row.description, o.no_trunc));
    if (o.list_tags) cells.push_back({name, row.tag});
    else if (!o.compatible) cells.push_back({name, description});
    else cells.push_back({name, description, std::to_string(row.stars), row.official ? "[OK]" : "", row.automated ? "[OK]" : ""});
  }
  return rows.empty() ? "" : cli::AlignRows(cells);
}

// With --list-tags one object for the repository, else one a row.
std::string Json(const std::vector<SearchRow>& rows, const SearchCommandOptions& o) {
  Value list = Value::List();
  if (o.list_tags && !rows.empty()) {
    Value one = Value::Struct("images.listEntryTag");
    std::vector<std::string> tags;
    for (const SearchRow& row : rows) tags.push_back(row.tag);
    one.Set("Name", rows.front().name).Set("Tags", Value(tags));
    list.Append(std::move(one));
  } else {
    for (const SearchRow& row : rows) list.Append(RowValue(row, o));
  }
  return cli::ToJson(list, 4) + "\n";
}

}  // namespace

Result<int> RunSearch(Context& context, const SearchCommandOptions& o) {
  if (o.list_tags && !o.search.filters.empty())
    return Error(Code::kInvalidArgument, "filters are not applicable to list tags result");
  const std::vector<SearchRow> rows = TRY(o.list_tags ? engine::SearchTags(context.engine, o.search)
                                                      : engine::SearchImages(context.engine, o.search));
  if (cli::IsJsonFormat(o.format)) {
    PrintRaw(context, Json(rows, o));
    return 0;
  }
  if (o.format.empty()) {
    PrintRaw(context, Table(rows, o));
    return 0;
  }
  cli::Listing listing;
  listing.name = "search";
  for (const SearchRow& row : rows) listing.rows.push_back(RowValue(row, o));
  PrintRaw(context, TRY(cli::FormatListing(listing, o.format)));
  return 0;
}

}  // namespace ctool
