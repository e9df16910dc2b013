// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/template.hpp"

namespace ctool::cli {
namespace {

constexpr size_t kLeastWidth = 12;
constexpr size_t kPadding = 2;
constexpr std::string_view kTable = "table ";

using Cells = std::vector<std::string>;  // the last one is what follows the last tab

// Writes lines[from, to), which all begin behind the columns in `widths`. A column goes on over
// neighbouring lines that have a cell in it; each such block has a width of its own.
class Aligner {
 public:
  explicit Aligner(const std::vector<Cells>& lines) : lines_(lines) {}

  std::string Run() {
    Block(0, lines_.size());
    return std::move(out_);
  }

 private:
  void Block(size_t from, size_t to) {
    const size_t column = widths_.size();
    size_t done = from;
    for (size_t i = from; i < to;) {
      if (column + 1 >= lines_[i].size()) {
        ++i;
        continue;
      }
      Write(done, i);
      size_t end = i, width = kLeastWidth;
      for (; end < to && column + 1 < lines_[end].size(); ++end)
        width = std::max(width, RuneCount(lines_[end][column]) + kPadding);
      widths_.push_back(width);
      Block(i, end);
      widths_.pop_back();
      done = i = end;
    }
    Write(done, to);
  }

  void Write(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      const Cells& cells = lines_[i];
      for (size_t c = 0; c + 1 < cells.size(); ++c)
        out_.append(cells[c]).append(widths_[c] - RuneCount(cells[c]), ' ');
      out_ += cells.back();
      if (i + 1 < lines_.size()) out_ += '\n';
    }
  }

  const std::vector<Cells>& lines_;
  std::vector<size_t> widths_;
  std::string out_;
};

// "CreatedAt" -> "CREATED AT", "ImageID" -> "IMAGE ID": at each step from small to capital, and
// before the last capital of several when a small letter follows.
std::string HeaderFor(std::string_view field) {
  const auto small = [&](size_t i) {
    return i < field.size() && field[i] >= 'a' && field[i] <= 'z';
  };
  const auto capital = [&](size_t i) {
    return i < field.size() && field[i] >= 'A' && field[i] <= 'Z';
  };
  std::string out;
  for (size_t i = 0; i < field.size(); ++i) {
    if (i > 0 && capital(i) && (small(i - 1) || (capital(i - 1) && small(i + 1)))) out += ' ';
    out += small(i) ? static_cast<char>(field[i] - 'a' + 'A') : field[i];
  }
  return out;
}

// A row whose fields are the headers. Inner fields have none; their headers are blank.
Value HeaderRow(const Listing& listing) {
  Value row = Value::Map("map[string]string");
  if (!listing.rows.empty())
    for (const Value::Field& f : listing.rows[0].fields()) row.Set(f.name, HeaderFor(f.name));
  for (const auto& [field, header] : listing.headers) row.Set(field, header);
  return row;
}

// Calls `part(text, is_action)` for each stretch of a template. Quotes hide a }} inside an action.
template <class Part>
void ForEachPart(std::string_view format, Part part) {
  while (!format.empty()) {
    const size_t open = std::min(format.find("{{"), format.size());
    part(format.substr(0, open), false);
    format.remove_prefix(open);
    size_t end = std::min<size_t>(2, format.size());
    char quote = 0;
    for (; end < format.size(); ++end) {
      const char c = format[end];
      if (quote == 0 && StartsWith(format.substr(end), "}}")) {
        end += 2;
        break;
      }
      if (quote != 0 && quote != '`' && c == '\\') ++end;
      else if (c == quote) quote = 0;
      else if (quote == 0 && (c == '"' || c == '`' || c == '\'')) quote = c;
    }
    end = std::min(end, format.size());
    if (end > 0) part(format.substr(0, end), true);
    format.remove_prefix(end);
  }
}

void Replace(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// In a table's template a blank ends a cell, as a tab does.
enum class Blank { kKeep, kIsTab };

std::string Normalize(std::string_view format, Blank blank) {
  std::string out;
  ForEachPart(format, [&](std::string_view part, bool action) {
    std::string text(part);
    if (!action) {
      Replace(text, "\\t", "\t");
      Replace(text, "\\n", "\n");
      if (blank == Blank::kIsTab) Replace(text, " ", "\t");
    }
    out += text;
  });
  return out;
}

// True for a template that begins with a range over dot itself, which is the whole list then; one over a
// field (`{{range .Mounts}}`) is for each row.
bool RangesOverAll(std::string_view text) {
  const auto skip = [&text](std::string_view what) {
    if (!StartsWith(text, what)) return false;
    text.remove_prefix(what.size());
    return true;
  };
  const auto skip_blanks = [&text] { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); };
  const auto skip_variable = [&] {
    if (!skip("$")) return false;
    text.remove_prefix(std::min(text.find_first_of(" \t,:"), text.size()));
    skip_blanks();
    return true;
  };
  if (!skip("{{")) return false;
  skip("-");
  skip_blanks();
  if (!skip("range")) return false;
  skip_blanks();
  if (skip_variable()) {
    if (skip(",")) skip_blanks(), skip_variable();
    if (!skip(":=")) return false;
    skip_blanks();
  }
  if (!skip(".")) return false;
  skip_blanks();
  skip("-");
  return skip("}}");
}

std::string WithNewline(std::string text) {
  if (!EndsWith(text, "\n")) text += '\n';
  return text;
}

// The headers of `text`: it is run over them once. A template that does with a field what can't
// be done with a header's text (`{{len .Mounts}}` is fine, `{{range .Mounts}}` is not) has an empty
// header line rather than none.
std::string Headers(const Template& text, const Listing& listing) {
  auto line = text.Execute(HeaderRow(listing));
  return line.ok() ? std::move(*line) : "\n";
}

}  // namespace

std::string AlignTabs(std::string_view text) {
  std::vector<Cells> lines;
  for (const std::string& line : Split(text, '\n')) lines.push_back(Split(line, '\t'));
  // Without a newline at the end, tabwriter takes a last tab for nothing.
  if (Cells& last = lines.back(); last.size() > 1 && last.back().empty()) last.pop_back();
  return Aligner(lines).Run();
}

std::string AlignRows(const std::vector<std::vector<std::string>>& rows) {
  std::vector<Cells> lines = rows;
  lines.push_back({""});  // what follows the last newline
  for (Cells& cells : lines)
    if (cells.empty()) cells.emplace_back();
  return Aligner(lines).Run();
}

std::string ExpandEscapes(std::string_view format) { return Normalize(format, Blank::kKeep); }

bool IsJsonFormat(std::string_view format) {
  format = Trim(format);
  if (format == "json") return true;
  if (!StartsWith(format, "{{") || !EndsWith(format, "}}") || format.size() < 4) return false;
  format = Trim(format.substr(2, format.size() - 4));
  if (!StartsWith(format, "json")) return false;
  format = Trim(format.substr(4));
  return format.empty() || format == ".";
}

Result<std::string> FormatListing(const Listing& listing, std::string_view format,
                                  Heading heading) {
  const bool table = StartsWith(format, kTable);
  if (table) format.remove_prefix(kTable.size());
  const std::string text = WithNewline(Normalize(format, table ? Blank::kIsTab : Blank::kKeep));
  const Template parsed = TRY(Template::Parse(listing.name, text));
  std::string out;
  if (!table && RangesOverAll(text)) {
    Value all = Value::List("[]interface {}");
    for (const Value& row : listing.rows) all.Append(row);
    return parsed.Execute(all);
  }
  if (table && heading == Heading::kYes) out = Headers(parsed, listing);
  for (const Value& row : listing.rows) out += TRY(parsed.Execute(row));
  return table ? AlignTabs(out) : out;
}

Result<std::string> FormatOne(std::string_view name, const Value& value, std::string_view format) {
  const Template parsed = TRY(Template::Parse(name, WithNewline(ExpandEscapes(format))));
  return parsed.Execute(value);
}

}  // namespace ctool::cli
