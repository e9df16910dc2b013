// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

namespace ctool {

constinit const cli::Topic kContainerfileTopic = {
    .name = "containerfile",
    .section = "5",
    .summary = "the language of Containerfiles",
    .prose = R"prose(
A Containerfile (or Dockerfile: the language is the same) says how an image is made: what it begins with, what is
copied into it, which commands are run. The language is that of BuildKit's Dockerfile frontend 1, as far as a build
without root allows.

    # syntax=docker/dockerfile:1
    FROM docker.io/library/alpine:3.20 AS build
    RUN --mount=type=cache,target=/var/cache/apk apk add gcc musl-dev
    COPY main.c /src/
    RUN cc -static -o /hello /src/main.c

    FROM scratch
    COPY --from=build /hello /
    ENTRYPOINT ["/hello"]

# Lines
An instruction is a keyword, in capitals by habit, and its arguments, on one line. A backslash at the end of a line
continues it. A line that begins with # is a comment, also between continued lines. The first lines may be directives,
comments of a form of their own: escape=` makes the backtick the escape character, check=skip=RULE switches warnings
off, syntax= is ignored.

A heredoc holds several lines: RUN <<EOF runs them as a script of the shell, or as a program if they begin with #!;
COPY <<name /path writes them to a file.

# Instructions
FROM IMAGE [AS NAME] :: Begins a stage. --platform chooses the platform. Only ARG may stand before the first.
RUN COMMAND :: Runs it in the stage and keeps what it changed. Flags: --mount (several), --network=default|none|host,
--security=sandbox.
CMD, ENTRYPOINT :: What a container of the image runs: a JSON array, or a line for the shell.
SHELL ["PROGRAM", "ARGUMENT"] :: The shell for such lines.
COPY SOURCE... TARGET :: Files of the context, or with --from of a stage or an image. Flags: --from --chown --chmod
--link --parents --exclude.
ADD SOURCE... TARGET :: The same with URLs, and archives are unpacked. Flags: --chown --chmod --link --exclude
--checksum --keep-git-dir --unpack.
ENV KEY=VALUE... :: Variables, for later instructions and for the container.
ARG NAME[=VALUE]... :: Variables of the build, from --build-arg or this default.
LABEL KEY=VALUE... :: Labels of the image.
EXPOSE PORT[/PROTOCOL]... :: Ports that the program listens on.
VOLUME FOLDER... :: Folders that get a volume.
USER, WORKDIR, STOPSIGNAL :: The user, the working directory, the signal that asks it to end.
HEALTHCHECK CMD COMMAND :: How its health is checked: --interval --timeout --start-period --start-interval --retries.
HEALTHCHECK NONE takes the base's away.
ONBUILD INSTRUCTION :: An instruction for images that are built on this one.

# Mounts of RUN
--mount=type=bind :: Files of the context or, with from=, of a stage or image: target, source, from, readonly,
readwrite.
--mount=type=cache :: A folder that stays from build to build: target, id, source, from, readonly,
sharing=shared|private|locked, mode, uid, gid.
--mount=type=tmpfs :: Memory: target, size.
--mount=type=secret :: A file or variable that does not get into the image: id, target, env, required, mode, uid, gid.
--mount=type=ssh :: The socket of an ssh agent: id, target, required, mode, uid, gid.

# Variables
$x and ${x} are replaced in FROM (by global ARGs only), ARG, ENV, LABEL, COPY, ADD, EXPOSE, VOLUME, USER, WORKDIR,
STOPSIGNAL and in the values of --mount; not in RUN, CMD and ENTRYPOINT, where the shell does it, nor in --from.

${x:-w}, ${x-w} :: w if x is unset; with the colon also if it is empty.
${x:+w}, ${x+w} :: w if x is set.
${x:?w}, ${x?w} :: An error with the text w if x is unset.
${x#p}, ${x##p}, ${x%p}, ${x%%p} :: Without the shortest or longest match of the pattern p at the front or the end.
${x/p/r}, ${x//p/r} :: With the first, or each, match of p replaced by r.

An ARG before the first FROM is for FROM lines; a stage that wants it says ARG NAME again. ENV wins over ARG.

# The context
COPY and ADD take files from the folder that the build was given, less what .containerignore, or .dockerignore, names:
a pattern a line, with *, ?, [ab] and **, ! to take out again, # for comments. The last pattern that matches decides.

# Warnings
They have the names of BuildKit's checks: StageNameCasing, FromAsCasing, DuplicateStageName, UndefinedArgInFrom,
JSONArgsRecommended, WorkdirRelativePath, SecretsUsedInArgOrEnv and others. The directive check=error=true makes them
errors.
)prose"};

}  // namespace ctool
