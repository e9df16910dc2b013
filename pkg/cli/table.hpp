// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cli/value.hpp"

namespace ctool::cli {

// Go's text/tabwriter as podman sets it up (minimum width 12, padding 2, blanks): cells end with a
// tab, columns are as wide as the widest cell of the lines above and below that have them, and what
// follows a line's last tab is no cell and gets no padding.
std::string AlignTabs(std::string_view text);

// The same for rows of cells, the first one often a header.
std::string AlignRows(const std::vector<std::vector<std::string>>& rows);

// `\t` and `\n` typed as two characters become the one they mean, outside of {{actions}}.
std::string ExpandEscapes(std::string_view format);

// True for "json" and "{{json .}}", which ask for the command's JSON form.
bool IsJsonFormat(std::string_view format);

// One row of a listing is a struct Value; a template prints one after the other.
struct Listing {
  std::string_view name;  // in error texts: "ps"
  // Field -> header, for "table ..." templates and the command's own format. Fields that are not
  // here have their name in capitals as header ("CreatedAt": "CREATED AT").
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};
  std::vector<Value> rows;
};

enum class Heading { kNo, kYes };

// What `ps --format FORMAT` prints:
//   "table {{.A}}\t{{.B}}"   aligned columns, with headers unless `heading` is kNo
//   "{{range .}}...{{end}}"  the template sees all the rows as one list, if that is what it begins with
//   anything else            the template once a row, each on a line
// Errors: kInvalidArgument, a template's error.
Result<std::string> FormatListing(const Listing& listing, std::string_view format,
                                  Heading heading = Heading::kYes);

// `inspect --format`, `info --format`: one value, one line.
Result<std::string> FormatOne(std::string_view name, const Value& value, std::string_view format);

}  // namespace ctool::cli
