// SPDX-License-Identifier: Apache-2.0
//
// Every instruction in its forms: the input stands below "FROM a", the expectation is dump.hpp's.
#include <gtest/gtest.h>

#include "dump.hpp"

namespace ctool::build {
namespace {

struct Case {
  std::string_view input, expected;
};

void Check(std::initializer_list<Case> cases) {
  for (const Case& one : cases) EXPECT_EQ(Below(one.input), one.expected) << one.input;
}

TEST(Instructions, FromForms) {
  const Case cases[] = {
      {"FROM alpine", "FROM alpine\n"},
      {"FROM alpine:3.19", "FROM alpine:3.19\n"},
      {"FROM a@sha256:00 AS x", "FROM a@sha256:00 AS x\n"},
      {"from a as B.c-d_1", "FROM a AS b.c-d_1\n"},
      {"FROM --platform=linux/arm64 a", "FROM a platform=linux/arm64\n"},
      {"FROM --platform=$BUILDPLATFORM a AS b", "FROM a AS b platform=$BUILDPLATFORM\n"},
      {"FROM scratch", "FROM scratch\n"},
      {"ARG V=latest\nFROM base:${V}\n\nFROM extras:$V", "ARG [V=latest]\nFROM base:${V}\nFROM extras:$V\n"},
      {"FROM a AS x\nFROM x\nRUN b", "FROM a AS x\nFROM x\nRUN sh{b}\n"}};
  for (const Case& one : cases) EXPECT_EQ(Parsed(one.input), one.expected);
}

TEST(Instructions, ExecAndShellForm) {
  Check({{"RUN echo hello", "RUN sh{echo hello}\n"},
         {"RUN [\"/bin/sh\", \"-c\", \"echo hello\"]", "RUN [/bin/sh|-c|echo hello]\n"},
         {"run [ ]x", "error: F:2:1: RUN requires at least one argument\n"},
         {"RUN   spaces   stay  ", "RUN sh{spaces   stay}\n"},
         {"RUN\ttabs", "RUN sh{tabs}\n"},
         // Not JSON: single quotes, a test command, Windows' backslashes.
         {"RUN ['a', 'b']", "RUN sh{['a', 'b']}\n"},
         {"RUN [ -f /x ] && true", "RUN sh{[ -f /x ] && true}\n"},
         {"RUN [\"c:\\windows\\system32\\tasklist.exe\"]", "RUN sh{[\"c:\\windows\\system32\\tasklist.exe\"]}\n"},
         {"RUN [\"c:\\\\windows\"]", "RUN [c:\\windows]\n"},
         {"RUN [\"a\" \"b\"]", "RUN sh{[\"a\" \"b\"]}\n"},
         {"RUN [\"a\"", "RUN sh{[\"a\"}\n"},
         {"RUN [\"\\u00e9\\t\"]", "RUN [\xc3\xa9\t]\n"},
         {"RUN [\"]\", \"[\"]", "RUN []|[]\n"},
         {"CMD [\"a\"] # why", "CMD [a]\n"},
         {"CMD [ \"a\" ,\n", "CMD sh{[ \"a\" ,}\n"},
         {"CMD []", "CMD []\n"},
         {"CMD -- --ignored", "CMD sh{-- --ignored}\n"},
         {"ENTRYPOINT []", "ENTRYPOINT []\n"},
         {"ENTRYPOINT exec top -b", "ENTRYPOINT sh{exec top -b}\n"},
         {"ENTRYPOINT [\"top\", \"-b\"]\nCMD [\"-c\"]", "ENTRYPOINT [top|-b]\nCMD [-c]\n"},
         {"RUN echo 'some # of cool things'", "RUN sh{echo 'some # of cool things'}\n"}});
}

TEST(Instructions, Copy) {
  Check({{"COPY a /b/", "COPY [a] -> /b/\n"},
         {"COPY a b  c /d/", "COPY [a|b|c] -> /d/\n"},
         {"COPY [\"a b\", \"c\", \"/d e/\"]", "COPY [a b|c] -> /d e/\n"},
         {"COPY arr[[]0].txt /mydir/", "COPY [arr[[]0].txt] -> /mydir/\n"},
         {"COPY --from=build /app /usr/bin/", "COPY [/app] -> /usr/bin/ from=build\n"},
         {"COPY --from=0 /a /b", "COPY [/a] -> /b from=0\n"},
         {"COPY --chown=55:mygroup --chmod=644 files* /d/", "COPY [files*] -> /d/ chown=55:mygroup chmod=644\n"},
         {"COPY --chmod=u=rwX,go=rX . /app/", "COPY [.] -> /app/ chmod=u=rwX,go=rX\n"},
         {"COPY --link a b", "COPY [a] -> b link\n"},
         {"COPY --link=false a b", "COPY [a] -> b\n"},
         {"COPY --link=TRUE a b", "COPY [a] -> b link\n"},
         {"COPY --parents ./x/./y/*.txt /p/", "COPY [./x/./y/*.txt] -> /p/ parents\n"},
         {"COPY --exclude=*.txt --exclude=*.md hom* /m/", "COPY [hom*] -> /m/ exclude=*.txt exclude=*.md\n"},
         {"COPY \\$FOO /quux", "COPY [\\$FOO] -> /quux\n"},
         {"COPY --chown=\"a b\" x y", "COPY [x] -> y chown=a b\n"},
         {"COPY --chown=a\\ b x y", "COPY [x] -> y chown=a b\n"},
         {"COPY a --from=b", "COPY [a] -> --from=b\n"},
         {"COPY -- a", "COPY [--] -> a\n"}});
}

TEST(Instructions, Add) {
  Check({{"ADD https://example.com/archive.tar.gz /d", "ADD [https://example.com/archive.tar.gz] -> /d\n"},
         {"ADD --checksum=sha256:24 https://h/a.tgz /", "ADD [https://h/a.tgz] -> / checksum=sha256:24\n"},
         {"ADD --keep-git-dir=true https://h/r.git#v1 /r", "ADD [https://h/r.git#v1] -> /r keep-git-dir\n"},
         {"ADD --unpack=false a.tar .", "ADD [a.tar] -> . no-unpack\n"},
         {"ADD --unpack https://h/a.tar /", "ADD [https://h/a.tar] -> / unpack\n"},
         {"ADD --chown=1:2 --chmod=755 --link --exclude=b a /c", "ADD [a] -> /c chown=1:2 chmod=755 exclude=b link\n"}});
}

TEST(Instructions, EnvAndLabel) {
  Check({{"ENV A=1", "ENV [A=1]\n"},
         {"ENV A=1 B=2 \\\n  C=3", "ENV [A=1|B=2|C=3]\n"},
         {"ENV MY_NAME=\"John Doe\" MY_DOG=Rex\\ The\\ Dog", "ENV [MY_NAME=\"John Doe\"|MY_DOG=Rex\\ The\\ Dog]\n"},
         {"ENV ONE TWO= THREE=world", "ENV [ONE=TWO= THREE=world]\n"},
         {"ENV abc hello  world ", "ENV [abc=hello  world]\n"},
         {"ENV a=b=c", "ENV [a=b=c]\n"},
         {"ENV a=", "ENV [a=]\n"},
         {"ENV a='x y' b=\"it's\"", "ENV [a='x y'|b=\"it's\"]\n"},
         {"ENV a=\"x", "ENV [a=\"x]\n"},
         {"LABEL version=\"1.0\"", "LABEL [version=\"1.0\"]\n"},
         {"LABEL \"com.example.vendor\"=\"ACME Incorporated\"", "LABEL [\"com.example.vendor\"=\"ACME Incorporated\"]\n"},
         {"LABEL description=\"spans \\\nlines.\"", "LABEL [description=\"spans lines.\"]\n"},
         {"LABEL \"a=b\"=c", "LABEL [\"a=b\"=c]\n"},
         {"LABEL key some value", "LABEL [key=some value]\n"}});
}

TEST(Instructions, Arg) {
  Check({{"ARG user1", "ARG [user1]\n"},
         {"ARG user1=someuser", "ARG [user1=someuser]\n"},
         {"ARG a b=1 c=", "ARG [a|b=1|c=]\n"},
         {"ARG a=\"x y\" b", "ARG [a=\"x y\"|b]\n"}});
}

TEST(Instructions, Healthcheck) {
  Check({{"HEALTHCHECK NONE", "HEALTHCHECK NONE\n"},
         {"HEALTHCHECK none", "HEALTHCHECK NONE\n"},
         {"HEALTHCHECK CMD curl -f http://localhost/ || exit 1", "HEALTHCHECK sh{curl -f http://localhost/ || exit 1}\n"},
         {"HEALTHCHECK cmd [\"a\", \"b\"]", "HEALTHCHECK [a|b]\n"},
         {"HEALTHCHECK --interval=5m --timeout=3s --start-period=1m30s --start-interval=2s --retries=5 CMD a",
          "HEALTHCHECK sh{a} interval_ms=300000 timeout_ms=3000 start_period_ms=90000 start_interval_ms=2000 retries=5\n"},
         {"HEALTHCHECK --interval=0 CMD a", "HEALTHCHECK sh{a}\n"},
         {"HEALTHCHECK --interval=1ms CMD a", "HEALTHCHECK sh{a} interval_ms=1\n"},
         {"HEALTHCHECK CMD --flag", "HEALTHCHECK sh{--flag}\n"}});
}

TEST(Instructions, OnBuild) {
  Check({{"ONBUILD ADD . /app/src", "ONBUILD {ADD [.] -> /app/src}\n"},
         {"ONBUILD RUN /usr/local/bin/python-build --dir /app/src", "ONBUILD {RUN sh{/usr/local/bin/python-build --dir /app/src}}\n"},
         {"ONBUILD COPY --from=build /usr/bin/app /app", "ONBUILD {COPY [/usr/bin/app] -> /app from=build}\n"},
         {"ONBUILD RUN --mount=from=config,target=/opt x", "ONBUILD {RUN sh{x} mount=from=config,target=/opt}\n"},
         {"onbuild env a=b", "ONBUILD {ENV [a=b]}\n"},
         {"ONBUILD RUN <<EOF\na\nEOF", "ONBUILD {RUN sh{<<EOF} <<EOF(a\\n)}\n"}});
}

TEST(Instructions, TriggerIsReadAgain) {
  const auto file = ParseContainerfile("F", "FROM a\nONBUILD COPY <<-A <<B /d\n\tx\n\tA\nB\nONBUILD RUN a \\\n b\n");
  ASSERT_TRUE(file.ok());
  const auto& heredocs = std::get<OnBuild>(file->stages[0].instructions[0].body);
  EXPECT_EQ(heredocs.trigger, "COPY <<-A <<B /d\nx\nA\nB");
  const auto again = ParseTrigger("img", heredocs.trigger);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(Dump(*again), Dump(*heredocs.instruction));
  EXPECT_EQ(std::get<OnBuild>(file->stages[0].instructions[1].body).trigger, "RUN a  b");
}

TEST(Instructions, BadTriggers) {
  const Case cases[] = {
      {"", "ONBUILD of img:0:0: empty ONBUILD trigger"},
      {"FROM x", "ONBUILD of img:1:1: FROM isn't allowed as an ONBUILD trigger"},
      {"ONBUILD RUN x", "ONBUILD of img:1:1: ONBUILD isn't allowed as an ONBUILD trigger"},
      {"RUN x\nRUN y", "ONBUILD of img:2:1: more than one instruction in an ONBUILD trigger"}};
  for (const Case& one : cases) {
    const auto trigger = ParseTrigger("img", one.input);
    ASSERT_FALSE(trigger.ok()) << one.input;
    EXPECT_EQ(trigger.error().text(), one.expected);
  }
}

TEST(Instructions, OneText) {
  Check({{"WORKDIR /a b", "WORKDIR /a b\n"},
         {"WORKDIR $DIRPATH/$DIRNAME", "WORKDIR $DIRPATH/$DIRNAME\n"},
         {"USER www-data:www-data", "USER www-data:www-data\n"},
         {"USER ${U:-1000}", "USER ${U:-1000}\n"},
         {"STOPSIGNAL SIGKILL", "STOPSIGNAL SIGKILL\n"},
         {"STOPSIGNAL 9", "STOPSIGNAL 9\n"},
         {"MAINTAINER A B <a@b>", "MAINTAINER A B <a@b>\n"}});
}

TEST(Instructions, Lists) {
  Check({{"EXPOSE 80/tcp 443 8000-8010/udp $P", "EXPOSE [80/tcp|443|8000-8010/udp|$P]\n"},
         {"VOLUME /var/log /var/db", "VOLUME [/var/log|/var/db]\n"},
         {"VOLUME [\"/data\", \"/a b\"]", "VOLUME [/data|/a b]\n"},
         {"VOLUME ['/data']", "VOLUME [['/data']]\n"},
         {"SHELL [\"/bin/bash\", \"-c\"]", "SHELL [/bin/bash|-c]\n"}});
}

TEST(Instructions, Run) {
  Check({{"RUN --mount=type=cache,target=/root/.cache/go-build \\\n  go build",
          "RUN sh{go build} mount=type=cache,target=/root/.cache/go-build\n"},
         {"RUN --mount=type=cache,target=/a --mount=type=tmpfs,target=/b x",
          "RUN sh{x} mount=type=cache,target=/a mount=type=tmpfs,target=/b\n"},
         {"RUN --network=none pip install", "RUN sh{pip install} network=none\n"},
         {"RUN --network=host x", "RUN sh{x} network=host\n"},
         {"RUN --network=default x", "RUN sh{x}\n"},
         {"RUN --security=sandbox x", "RUN sh{x}\n"},
         {"RUN --mount=type=secret,id=a [\"x\"]", "RUN [x] mount=type=secret,id=a\n"},
         {"RUN x --mount=foo", "RUN sh{x --mount=foo}\n"}});
}

TEST(Instructions, Places) {
  const auto file = ParseContainerfile("F", "ARG x\n\n FROM a\n# c\n  RUN b \\\n\n  c\nRUN <<E\nE\n");
  ASSERT_TRUE(file.ok()) << file.error().text();
  EXPECT_EQ(file->stages[0].where, (Location{3, 2}));
  EXPECT_EQ(file->stages[0].instructions[0].where, (Location{5, 3}));
  EXPECT_EQ(file->stages[0].instructions[0].last_line, 7);
  EXPECT_EQ(file->stages[0].instructions[0].text, "RUN b   c");
  EXPECT_EQ(file->stages[0].instructions[1].last_line, 9);
}

}  // namespace
}  // namespace ctool::build
