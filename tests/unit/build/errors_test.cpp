// SPDX-License-Identifier: Apache-2.0
//
// What is refused: text and place, exactly; and how it is shown.
#include <gtest/gtest.h>

#include "build/limits.hpp"
#include "dump.hpp"

namespace ctool::build {
namespace {

struct Case {
  std::string_view input, expected;
};

TEST(Errors, Whole) {
  const Case cases[] = {
      {"", "F:0:0: file with no instructions"},
      {"# only a comment\n", "F:0:0: file with no instructions"},
      {"ARG x\n", "F:0:0: no build stage"},
      {"RUN x\nFROM a", "F:1:1: no build stage in current context"},
      {"ARG x\nENV a=b\nFROM a", "F:2:1: no build stage in current context"},
      {"FOO bar", "F:1:1: unknown instruction: FOO"},
      {"FROM a\n\n  FORM b", "F:3:3: unknown instruction: FORM (did you mean FROM?)"},
      {"FROM a\nfoobarbaz x", "F:2:1: unknown instruction: foobarbaz"},
      {"FROM a\nENTRYPONT x", "F:2:1: unknown instruction: ENTRYPONT (did you mean ENTRYPOINT?)"},
      {"FROM a\nRUN[\"x\"]", "F:2:1: unknown instruction: RUN[\"x\"]"},
      {"FROM a\nRUN x \\\n\nFROM", "F:0:0: ok"},
      {"FROM a\nRUN <<E\nE\nE", "F:4:1: unknown instruction: E"},
      {"FROM a\nR\x1bN", "F:2:1: unknown instruction: R\\x1bN (did you mean RUN?)"},
      {std::string_view("FROM a\nRUN \0", 12), "F:2:5: NUL byte: this is not a text file"}};
  for (const Case& one : cases) {
    const auto file = ParseContainerfile("F", one.input);
    EXPECT_EQ(file.ok() ? "F:0:0: ok" : file.error().text(), one.expected);
  }
}

TEST(Errors, Instructions) {
  const Case cases[] = {
      {"FROM", "2:1: FROM requires either one or three arguments"},
      {"FROM a b", "2:8: FROM requires either one or three arguments"},
      {"FROM a AS", "2:8: FROM requires either one or three arguments"},
      {"FROM a IS b", "2:8: FROM requires either one or three arguments"},
      {"FROM a AS 1b", "2:11: invalid name for build stage: \"1b\", name can't start with a number or contain symbols"},
      {"FROM a AS b/c", "2:11: invalid name for build stage: \"b/c\", name can't start with a number or contain symbols"},
      {"FROM --platfrom=x a", "2:6: unknown flag: --platfrom (did you mean --platform?)"},
      {"FROM --platform a", "2:6: missing a value on flag: platform"},
      {"RUN", "2:1: RUN requires at least one argument"},
      {"RUN []", "2:1: RUN requires at least one argument"},
      {"CMD", "2:1: CMD requires at least one argument"},
      {"ENTRYPOINT", "2:1: ENTRYPOINT requires at least one argument"},
      {"CMD [\"a\", 1]", "2:5: when using JSON array syntax, arrays must be comprised of strings only"},
      {"RUN [\"a\", [\"b\"]]", "2:5: when using JSON array syntax, arrays must be comprised of strings only"},
      {"COPY [\"a\", null]", "2:6: when using JSON array syntax, arrays must be comprised of strings only"},
      {"VOLUME [true]", "2:8: when using JSON array syntax, arrays must be comprised of strings only"},
      {"RUN [\"a\\u0000\"]", "2:5: NUL byte in an argument"},
      {"COPY a", "2:1: COPY requires at least two arguments, but only one was provided. Destination could not be determined"},
      {"ADD", "2:1: ADD requires at least two arguments, but none was provided. Destination could not be determined"},
      {"COPY --form=b a c", "2:6: unknown flag: --form (did you mean --from?)"},
      {"COPY --checksum=x a c", "2:6: unknown flag: --checksum"},
      {"ADD --from=x a c", "2:5: unknown flag: --from"},
      {"COPY --from a b", "2:6: missing a value on flag: from"},
      {"COPY --from= a b", "2:6: missing a value on flag: from"},
      {"COPY --from=${x} a b", "2:6: --from doesn't support variable expansion, define alias stage instead"},
      {"COPY --link=maybe a b", "2:6: expecting boolean value for flag link, not: maybe"},
      {"COPY --chown=a \\\n  --chown=b x y", "3:3: duplicate flag specified: chown"},
      {"ENV", "2:1: ENV requires at least one argument"},
      {"ENV a", "2:5: ENV must have two arguments"},
      {"ENV a=b c", "2:9: can't find = in \"c\""},
      {"ENV a=b \\\n  c \\\n  d=e", "3:3: can't find = in \"c\""},
      {"ENV =b", "2:5: ENV names can not be blank"},
      {"ENV \"\"=b", "2:5: ENV names can not be blank"},
      {"LABEL", "2:1: LABEL requires at least one argument"},
      {"LABEL =x", "2:7: LABEL names can not be blank"},
      {"LABEL a", "2:7: LABEL must have two arguments"},
      {"ARG", "2:1: ARG requires at least one argument"},
      {"ARG =x", "2:5: ARG names can not be blank"},
      {"EXPOSE", "2:1: EXPOSE requires at least one argument"},
      {"VOLUME", "2:1: VOLUME requires at least one argument"},
      {"VOLUME []", "2:1: VOLUME requires at least one argument"},
      {"VOLUME [\" \"]", "2:8: VOLUME specified can not be an empty string"},
      {"WORKDIR", "2:1: WORKDIR requires exactly one argument"},
      {"USER", "2:1: USER requires exactly one argument"},
      {"STOPSIGNAL", "2:1: STOPSIGNAL requires exactly one argument"},
      {"MAINTAINER", "2:1: MAINTAINER requires exactly one argument"},
      {"MAINTAINER --boo joe@example.com", "2:12: unknown flag: --boo"},
      {"CMD --foo", "2:5: unknown flag: --foo"},
      {"SHELL /bin/sh", "2:7: SHELL requires the arguments to be in JSON form"},
      {"SHELL", "2:1: SHELL requires the arguments to be in JSON form"},
      {"SHELL []", "2:1: SHELL requires at least one argument"},
      {"ONBUILD", "2:1: ONBUILD requires at least one argument"},
      {"ONBUILD ONBUILD RUN x", "2:9: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
      {"ONBUILD FROM scratch", "2:9: FROM isn't allowed as an ONBUILD trigger"},
      {"ONBUILD MAINTAINER x", "2:9: MAINTAINER isn't allowed as an ONBUILD trigger"},
      {"ONBUILD FOOO x", "2:9: unknown instruction: FOOO (did you mean FROM?)"},
      {"ONBUILD COPY a", "2:9: COPY requires at least two arguments, but only one was provided. Destination could not be determined"},
      {"HEALTHCHECK", "2:1: HEALTHCHECK requires at least one argument"},
      {"HEALTHCHECK NONE x", "2:18: HEALTHCHECK NONE takes no arguments"},
      {"HEALTHCHECK --retries=1 NONE", "2:13: HEALTHCHECK NONE takes no flags"},
      {"HEALTHCHECK curl x", "2:13: Unknown type \"curl\" in HEALTHCHECK (try CMD)"},
      {"HEALTHCHECK CMD", "2:13: Missing command after HEALTHCHECK CMD"},
      {"HEALTHCHECK CMD []", "2:13: Missing command after HEALTHCHECK CMD"},
      {"HEALTHCHECK --interval=50us CMD x", "2:13: --interval \"50us\" cannot be less than 1ms"},
      {"HEALTHCHECK --interval=5 CMD x", "2:13: invalid duration \"5\" for --interval"},
      {"HEALTHCHECK --retries=-1 CMD x", "2:13: --retries cannot be negative (-1)"},
      {"HEALTHCHECK --retries=many CMD x", "2:13: invalid number \"many\" for --retries"},
      {"HEALTHCHECK --intervall=5s CMD x", "2:13: unknown flag: --intervall (did you mean --interval?)"},
      {"RUN --network=bridge x", "2:5: unsupported network mode \"bridge\""},
      {"RUN --security=insecure x", "2:5: --security=insecure is not supported"},
      {"RUN --security=foo x", "2:5: unsupported security mode \"foo\""},
      {"RUN --device=nvidia.com/gpu=all x", "2:5: --device is not supported"},
      {"RUN --mount=type=bnid,target=/x x", "2:5: unsupported mount type \"bnid\""},
      {"RUN --mount=type=cache \\\n --mount=type=tmpfs,target=/x true", "2:5: cache mount without a target"},
      {"RUN --mount=type=tmpfs,target=/x \\\n --mount=type=cache,tarpet=/x true", "3:2: unexpected key 'tarpet' in mount (did you mean target?)"},
      {"RUN --mount", "2:5: missing a value on flag: mount"}};
  for (const Case& one : cases) {
    const auto file = ParseContainerfile("F", "FROM a\n" + std::string(one.input));
    EXPECT_EQ(file.ok() ? "ok" : file.error().text(), "F:" + std::string(one.expected)) << one.input;
  }
}

TEST(Errors, AreShown) {
  Diagnostic diagnostic;
  const auto file = ParseContainerfile("dir/Containerfile", "FROM a\nRUN x\n\tCOPY \\\n  --form=b \xc3\xa9 c\n", &diagnostic);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(file.error().text(), "dir/Containerfile:4:3: unknown flag: --form (did you mean --from?)");
  EXPECT_EQ(file.error().hint(), "COPY takes --from, --chown, --chmod, --link, --parents, --exclude");
  EXPECT_EQ(diagnostic.where, (Location{4, 3}));
  EXPECT_EQ(diagnostic.Excerpt(), (std::vector<std::string>{"   4 |   --form=b \xc3\xa9 c", "     |   ^"}));
}

TEST(Errors, CaretCountsCharactersAndTabs) {
  Diagnostic diagnostic;
  diagnostic.where = {12, 5};
  diagnostic.source = "\t\xc3\xa9 x\x1b";
  EXPECT_EQ(diagnostic.Excerpt(), (std::vector<std::string>{"  12 |  \xc3\xa9 x\\x1b", "     |    ^"}));
  diagnostic.source = std::string(500, 'a');
  diagnostic.where.column = 300;
  ASSERT_EQ(diagnostic.Excerpt().size(), 2U);
  EXPECT_LE(diagnostic.Excerpt()[0].size(), 130U);
  EXPECT_EQ(diagnostic.Excerpt()[1].size(), 7U + 60U + 1U);
  diagnostic.where = {};
  EXPECT_TRUE(diagnostic.Excerpt().empty());
}

TEST(Errors, Limits) {
  const auto text = [](std::string_view input) {
    const auto file = ParseContainerfile("F", input);
    return file.ok() ? "ok" : file.error().text();
  };
  EXPECT_EQ(text(std::string(kMaxFileBytes + 1, '#')), "F:0:0: larger than 4 MiB");
  EXPECT_EQ(text("FROM a\nRUN " + std::string(kMaxLineBytes, 'x')), "F:2:1: line longer than 65535 bytes");
  EXPECT_EQ(text("FROM a\nRUN " + std::string(kMaxLineBytes - 10, 'x')), "ok");
  std::string many = "FROM a\nRUN x\\\n";
  for (size_t n = 0; n <= kMaxInstructionBytes; n += 60000) many += std::string(60000, 'x') + "\\\n";
  EXPECT_EQ(text(many), "F:2:1: instruction longer than 1 MiB");
  many = "FROM a\n";
  for (size_t n = 1; n < kMaxInstructions; ++n) many += "RUN x\n";
  EXPECT_EQ(text(many), "ok");
  EXPECT_EQ(text(many + "RUN y"), "F:10001:1: more than 10000 instructions");
  many.clear();
  for (size_t n = 0; n <= kMaxStages; ++n) many += "FROM a\n";
  EXPECT_EQ(text(many), "F:1001:1: more than 1000 stages");
  many = "FROM a\nCOPY <<E /d\n";
  for (size_t n = 0; n <= kMaxHeredocBytes; n += 60000) many += std::string(60000, 'x') + "\n";
  EXPECT_EQ(text(many + "E\n"), "F:2:6: heredoc larger than 1 MiB");
  many = "FROM a\nCOPY";
  for (size_t n = 0; n <= kMaxHeredocs; ++n) many += " <<E";
  EXPECT_EQ(text(many), "F:2:262: more than 64 heredocs");
  EXPECT_EQ(text("FROM a\nRUN " + std::string(1000, '[')), "ok");
}

TEST(Warnings, Each) {
  const Case cases[] = {
      {"FROM a AS Build", "StageNameCasing 1:11"},
      {"FROM a as build", "FromAsCasing 1:8"},
      {"FROM a AS scratch", "ReservedStageName 1:11"},
      {"FROM a AS b\nFROM c AS b", "DuplicateStageName 2:1"},
      {"FROM --platform=linux/amd64 a", "FromPlatformFlagConstDisallowed 1:1"},
      {"FROM --platform=$TARGETPLATFORM a", "RedundantTargetPlatform 1:1"},
      {"FROM --platform=$BUILDPLATFORM a", ""},
      {"ARG V=1\nFROM a:$V", ""},
      {"FROM a:$V", "UndefinedArgInFrom 1:1"},
      {"FROM a\nrun x", "ConsistentInstructionCasing 2:1"},
      {"from a\nrun x\nRUN y", "ConsistentInstructionCasing 3:1"},
      {"FROM a\nRUN x \\\n\n y", "NoEmptyContinuation 2:1"},
      {"FROM a\nENV a b", "LegacyKeyValueFormat 2:1"},
      {"FROM a\nCMD x", "JSONArgsRecommended 2:1"},
      {"FROM a\nMAINTAINER x", "MaintainerDeprecated 2:1"},
      {"FROM a\nCMD [\"x\"]\nCMD [\"y\"]", "MultipleInstructionsDisallowed 2:1"},
      {"FROM a\nWORKDIR x", "WorkdirRelativePath 2:1"},
      {"FROM a\nWORKDIR /x\nWORKDIR y", ""},
      {"FROM a\nARG GITHUB_TOKEN", "SecretsUsedInArgOrEnv 2:5"},
      {"FROM a\nENV PUBLIC_KEY=x", ""},
      {"FROM a\nEXPOSE 80/TCP", "ExposeProtoCasing 2:8"},
      {"FROM a\nEXPOSE 127.0.0.1:80:80", "ExposeInvalidFormat 2:8"},
      {"FROM a\nCMD [\"x\"] # y", "TextAfterJSONArray 2:11"},
      {"# check=skip=StageNameCasing, ReservedStageName\nFROM a AS Scratch", ""},
      {"# check=skip=all\nFROM a AS Scratch", ""}};
  for (const Case& one : cases) {
    const auto file = ParseContainerfile("F", one.input);
    ASSERT_TRUE(file.ok()) << file.error().text();
    std::vector<std::string> found;
    for (const Warning& warning : file->warnings)
      found.push_back(warning.rule + " " + std::to_string(warning.where.line) + ":" + std::to_string(warning.where.column));
    EXPECT_EQ(Join(found, ","), one.expected) << one.input;
  }
}

}  // namespace
}  // namespace ctool::build
