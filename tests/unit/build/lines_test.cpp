// SPDX-License-Identifier: Apache-2.0
//
// Directives, comments, continuation, line ends, heredocs.
#include <gtest/gtest.h>

#include "build/run_text.hpp"
#include "dump.hpp"

namespace ctool::build {
namespace {

struct Case {
  std::string_view input, expected;
};

TEST(Lines, Continuation) {
  const Case cases[] = {
      {"RUN echo hello \\\nworld", "RUN sh{echo hello world}\n"},
      {"RUN echo hello \\\n# comment\nworld", "RUN sh{echo hello world}\n"},
      {"RUN echo hello \\\n   # indented comment\nworld", "RUN sh{echo hello world}\n"},
      {"RUN echo hello \\\n\n\n world", "RUN sh{echo hello  world}\n"},
      {"RUN echo \"\\\n     hello\\\n     world\"", "RUN sh{echo \"     hello     world\"}\n"},
      {"RUN a \\  \n b", "RUN sh{a  b}\n"},
      {"RUN a \\\t\n b", "RUN sh{a  b}\n"},
      {"RUN a\\\\\nRUN b", "RUN sh{a\\\\}\nRUN sh{b}\n"},
      {"RUN a \\", "RUN sh{a}\n"},
      {"RUN a \\\n# the end", "RUN sh{a}\n"},
      {"RU\\\nN a", "RUN sh{a}\n"},
      {"# only \\\nRUN a", "RUN sh{a}\n"},
      {"    # a comment\n    RUN a", "RUN sh{a}\n"},
      {"RUN a # no comment", "RUN sh{a # no comment}\n"},
      {"\\\nRUN a", "RUN sh{a}\n"},
      {"COPY a \\\n  b \\\n  /c", "COPY [a|b] -> /c\n"}};
  for (const Case& one : cases) EXPECT_EQ(Below(one.input), one.expected) << one.input;
}

TEST(Lines, EscapeDirective) {
  const Case cases[] = {
      {"# escape=`\nFROM a\nCOPY testfile.txt c:\\\nRUN dir c:\\\n", "FROM a\nCOPY [testfile.txt] -> c:\\\nRUN sh{dir c:\\}\n"},
      {"# escape=`\nFROM a\nRUN a `\n b", "FROM a\nRUN sh{a  b}\n"},
      {"#\t eScApE = ` \nFROM a\nENV a=b` c", "FROM a\nENV [a=b` c]\n"},
      {"#escape=\\\nFROM a\nRUN a \\\n b", "FROM a\nRUN sh{a  b}\n"},
      // Not directives any more: behind a comment, an empty line, an instruction.
      {"# about\n# escape=`\nFROM a\nRUN a \\\n b", "FROM a\nRUN sh{a  b}\n"},
      {"\n# escape=`\nFROM a\nRUN a \\\n b", "FROM a\nRUN sh{a  b}\n"},
      {"FROM a\n# escape=`\nRUN a \\\n b", "FROM a\nRUN sh{a  b}\n"},
      {"# unknowndirective=value\n# escape=`\nFROM a\nRUN a \\\n b", "FROM a\nRUN sh{a  b}\n"},
      {"# escape=x\nFROM a", "error: F:1:10: invalid escape character \"x\"\n"},
      {"# escape=`\n# escape=`\nFROM a", "error: F:2:1: only one escape parser directive can be used\n"},
      {"# syntax=a\n# syntax=b\nFROM a", "error: F:2:1: only one syntax parser directive can be used\n"},
      {"# check=x\nFROM a", "error: F:1:9: invalid check option \"x\"\n"}};
  for (const Case& one : cases) EXPECT_EQ(Parsed(one.input), one.expected) << one.input;
}

TEST(Lines, SyntaxIsKeptAndIgnored) {
  const auto file = ParseContainerfile("F", "# syntax = docker/dockerfile:1\n# check=skip=all;error=true\nFROM a\n");
  ASSERT_TRUE(file.ok()) << file.error().text();
  EXPECT_EQ(file->syntax, "docker/dockerfile:1");
  EXPECT_TRUE(file->warnings_are_errors);
}

TEST(Lines, MarkAndLineEnds) {
  EXPECT_EQ(Parsed("\xEF\xBB\xBF" "FROM a\r\nRUN b \\\r\n c\r\n"), "FROM a\nRUN sh{b  c}\n");
  EXPECT_EQ(Parsed("\xEF\xBB\xBF# escape=`\r\nFROM a\r\nRUN b `\r\n c"), "FROM a\nRUN sh{b  c}\n");
  EXPECT_EQ(Parsed("FROM a\r\nRUN <<E\r\nx\r\nE\r\n"), "FROM a\nRUN sh{<<E} <<E(x\\r\\n)\n");
}

TEST(Lines, Heredocs) {
  const Case cases[] = {
      {"RUN <<EOF\na\n  b\nEOF\nRUN c", "RUN sh{<<EOF} <<EOF(a\\n  b\\n)\nRUN sh{c}\n"},
      {"RUN <<EMPTY\nEMPTY", "RUN sh{<<EMPTY} <<EMPTY()\n"},
      {"RUN 3<<E\nE", "RUN sh{3<<E} 3<<E()\n"},
      {"RUN \"<<E\"", "RUN sh{\"<<E\"}\n"},
      {"RUN '<<E'", "RUN sh{'<<E'}\n"},
      {"RUN cat <<<word", "RUN sh{cat <<<word}\n"},
      {"RUN cat<<E", "RUN sh{cat<<E}\n"},
      {"RUN <<-E\n\tfoo\n\t\tbar\n\tE", "RUN sh{<<-E} <<-E(foo\\nbar\\n)\n"},
      {"RUN <<E\n\tfoo\n\tE\nE", "RUN sh{<<E} <<E(\\tfoo\\n\\tE\\n)\n"},
      {"RUN <<-'E'\nx $y\nE", "RUN sh{<<-'E'} <<-E!(x $y\\n)\n"},
      {"RUN <<\"E\"\nE", "RUN sh{<<\"E\"} <<E!()\n"},
      {"RUN <<eo'f'\nx\neof", "RUN sh{<<eo'f'} <<eof!(x\\n)\n"},
      {"RUN <<eo\\'f\nx\neo'f", "RUN sh{<<eo\\'f} <<eo'f(x\\n)\n"},
      {"RUN <<'one two'\nx\none two", "RUN sh{<<'one two'} <<one two!(x\\n)\n"},
      {"RUN <<$EOF\n$EOF", "RUN sh{<<$EOF} <<$EOF()\n"},
      {"RUN <<  EOF  > foo\nEOF", "RUN sh{<<  EOF  > foo} <<EOF()\n"},
      {"RUN <<- EOF\nEOF", "RUN sh{<<- EOF} <<-EOF()\n"},
      {"RUN << -EOF\n-EOF", "RUN sh{<< -EOF} <<-EOF()\n"},
      {"RUN <<X python3\nprint('hi')\nX", "RUN sh{<<X python3} <<X(print('hi')\\n)\n"},
      {"RUN --mount=type=cache,target=/foo <<M\nx\nM", "RUN sh{<<M} mount=type=cache,target=/foo <<M(x\\n)\n"},
      {"RUN <<E\n# kept\nx \\\nFROM y\nE", "RUN sh{<<E} <<E(# kept\\nx \\\\nFROM y\\n)\n"},
      {"RUN <<E && \\\n echo\nx\nE", "RUN sh{<<E &&  echo} <<E(x\\n)\n"},
      {"RUN a <<A && b <<B\n1\nA\n2\nB", "RUN sh{a <<A && b <<B} <<A(1\\n) <<B(2\\n)\n"},
      {"RUN echo $((1 << 2)) $(( 1 <<2 ))", "RUN sh{echo $((1 << 2)) $(( 1 <<2 ))}\n"},
      {"RUN echo it's <<E", "RUN sh{echo it's <<E}\n"},
      {"RUN [\"<<E\"]", "RUN [<<E]\n"},
      {"COPY <<A <<B /dest\nB\nA\nA\nB", "COPY [<<A|<<B] -> /dest <<A(B\\n) <<B(A\\n)\n"},
      {"COPY x <<file.txt y /d/\nhello\nfile.txt", "COPY [x|<<file.txt|y] -> /d/ <<file.txt(hello\\n)\n"},
      {"COPY << E /d\nE", "COPY [<<E] -> /d <<E()\n"},
      {"COPY [\"<<E\", \"/d\"]", "COPY [<<E] -> /d\n"},
      {"ADD <<'E' /d\n$x\nE", "ADD [<<E] -> /d <<E!($x\\n)\n"},
      {"USER <<E", "USER <<E\n"},
      {"RUN <<E\nx", "error: F:2:5: unterminated heredoc\n"},
      {"COPY a <<E\nx\nE", "error: F:2:8: COPY can't have a heredoc as its destination\n"}};
  for (const Case& one : cases) {
    std::string expected(one.expected);
    for (size_t at = 0; (at = expected.find("\\t", at)) != std::string::npos;) expected.replace(at, 2, "\t");
    EXPECT_EQ(Below(one.input), expected) << one.input;
  }
}

TEST(Lines, TextOfRun) {
  const auto text = [](std::string_view input) {
    const auto file = ParseContainerfile("F", "FROM a\n" + std::string(input));
    if (!file.ok()) return file.error().text();
    const RunText run = TextOfRun(std::get<build::Run>(file->stages[0].instructions[0].body));
    return (run.is_program ? "program:" : "") + run.text;
  };
  EXPECT_EQ(text("RUN a b"), "a b");
  EXPECT_EQ(text("RUN <<E\na\nb\nE"), "a\nb\n");
  EXPECT_EQ(text("RUN << E\na\nE"), "a\n");
  EXPECT_EQ(text("RUN <<E\n#!/usr/bin/python3\nprint()\nE"), "program:#!/usr/bin/python3\nprint()\n");
  EXPECT_EQ(text("RUN cat <<A <<'B'\n1\nA\n2\nB"), "cat <<A <<'B'\n1\nA\n2\nB\n");
  EXPECT_EQ(text("RUN <<E > x\n#!a\nE"), "<<E > x\n#!a\nE\n");
}

}  // namespace
}  // namespace ctool::build
