// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <gtest/gtest.h>

namespace ctool::cli {
namespace {

TEST(Table, HeaderAlone) {
  EXPECT_EQ(
      AlignRows({{"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}}),
      "CONTAINER ID  IMAGE       COMMAND     CREATED     STATUS      PORTS       NAMES\n");
}

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(AlignRows({{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"},
                       {"localhost/foo/img", "1", "ab81ba04359b", "1 second ago", "11.3 kB"}}),
            "REPOSITORY         TAG         IMAGE ID      CREATED       SIZE\n"
            "localhost/foo/img  1           ab81ba04359b  1 second ago  11.3 kB\n");
  EXPECT_EQ(
      AlignRows({{"h\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "x"}}),
      "h\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9  x\n");
  EXPECT_EQ(AlignRows({}), "");
}

// Each of these is what text/tabwriter gives for the same text.
TEST(Table, BlocksOfLinesHaveTheirOwnWidths) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"a\n", "a\n"},
      {"a\tb\n", "a           b\n"},
      {"a\tb\t\n", "a           b           \n"},
      {"a long first cell\tb\nx\ty\n\nx\ty\n",
       "a long first cell  b\nx                  y\n\nx           y\n"},
      {"a\ta long second cell\tc\nb\nd\te\tf\n",
       "a           a long second cell  c\nb\nd           e           f\n"},
      {"\t", ""},
      {"a\tb", "a           b"},
  };
  for (const auto& [text, aligned] : cases) EXPECT_EQ(AlignTabs(text), aligned) << text;
}

Listing Sample() {
  Listing listing = {.name = "ps", .headers = {{"ID", "CONTAINER ID"}}, .rows = {}};
  for (const char* id : {"c1", "c2"})
    listing.rows.push_back(Value::Struct("containers.psReporter")
                               .Set("ID", id)
                               .Set("CreatedAt", "now")
                               .Set("ImageID", "i1")
                               .Set("Labels", Value::Map().Set("k", "v")));
  return listing;
}

std::string Format(std::string_view format, Heading heading = Heading::kYes) {
  const auto out = FormatListing(Sample(), format, heading);
  return out.ok() ? *out : out.error().Message();
}

TEST(Formats, OneLineARow) {
  EXPECT_EQ(Format("{{.ID}}"), "c1\nc2\n");
  EXPECT_EQ(Format("{{.ID}}\\t{{.CreatedAt}}"), "c1\tnow\nc2\tnow\n");
  EXPECT_EQ(Format("{{.ID}}\\n"), "c1\nc2\n");
  EXPECT_EQ(Format(""), "\n\n");
  EXPECT_EQ(Format("{{.Labels.k}} {{json .Labels}}"), "v {\"k\":\"v\"}\nv {\"k\":\"v\"}\n");
}

TEST(Formats, Tables) {
  EXPECT_EQ(Format("table {{.ID}} {{.CreatedAt}}"),
            "CONTAINER ID  CREATED AT\nc1            now\nc2            now\n");
  EXPECT_EQ(Format("table {{.ID}}\\t{{.ImageID}}x"),
            "CONTAINER ID  IMAGE IDx\nc1            i1x\nc2            i1x\n");
  EXPECT_EQ(Format("table {{ .ID }}\\t{{.ID}}", Heading::kNo), "c1          c1\nc2          c2\n");
  EXPECT_EQ(Format("table {{printf \"%s %s\" .ID .ID}}"),
            "CONTAINER ID CONTAINER ID\nc1 c1\nc2 c2\n");
}

TEST(Formats, ARangeSeesAllRows) {
  EXPECT_EQ(Format("{{range .}}{{.ID}};{{end}}"), "c1;c2;\n");
  EXPECT_EQ(Format("{{- range $i, $e := . }}{{$i}}={{$e.ID}};{{end}}"), "0=c1;1=c2;\n");
  EXPECT_EQ(Format("{{range $e := .}}{{$e.ID}};{{end}}"), "c1;c2;\n");
  // Over something else it is for each row.
  EXPECT_EQ(Format("{{range split .ID \"c\"}}<{{.}}>{{end}}"), "<><1>\n<><2>\n");
}

TEST(Formats, Errors) {
  EXPECT_EQ(Format("{{.Nosuch}}"),
            "template: ps:1:2: executing \"ps\" at <.Nosuch>: can't evaluate field Nosuch in type "
            "containers.psReporter");
  EXPECT_EQ(Format("{{foo}}"), "template: ps:1: function \"foo\" not defined");
  Listing empty = {.name = "ps", .headers = {}, .rows = {}};
  EXPECT_EQ(*FormatListing(empty, "{{.Nosuch}}"), "");  // as podman: nothing to evaluate it on
  EXPECT_FALSE(FormatListing(empty, "{{").ok());
}

TEST(Formats, EscapesOutsideOfActionsOnly) {
  EXPECT_EQ(ExpandEscapes(R"(a\tb\nc)"), "a\tb\nc");
  EXPECT_EQ(ExpandEscapes(R"({{join .X "\n"}}\n)"), "{{join .X \"\\n\"}}\n");
  EXPECT_EQ(ExpandEscapes(R"({{"}}\t"}}\t)"), "{{\"}}\\t\"}}\t");
  EXPECT_EQ(ExpandEscapes(R"({{`\t}}`}}\t{{"\"}}\t)"), "{{`\\t}}`}}\t{{\"\\\"}}\\t");
  EXPECT_EQ(ExpandEscapes("{{"), "{{");
  EXPECT_EQ(ExpandEscapes("{"), "{");
}

TEST(Formats, JsonIsAKeyword) {
  for (const std::string_view yes : {"json", " json ", "{{json .}}", "{{ json . }}", "{{json}}"})
    EXPECT_TRUE(IsJsonFormat(yes)) << yes;
  for (const std::string_view no : {"", "JSON", "jsonx", "{{json .ID}}", "{{}}", "{json}", "table"})
    EXPECT_FALSE(IsJsonFormat(no)) << no;
}

}  // namespace
}  // namespace ctool::cli
