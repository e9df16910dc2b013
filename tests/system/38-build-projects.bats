#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: Containerfiles of the shape that real projects have, on Debian with its packages.

load helpers

DEBIAN=localhost/debian:latest

# The base system alone: the image of the other tests has been tampered with.
file_setup() { ct import -q - debian <"$(echo "${CACHE%/*}"/debian-*/base.tar)" >/dev/null; }

# One file for all of them: the stages that fetch packages run at the same time, and are fetched once.
project() {
  P=$(user_dir project)
  cat >"$P/Containerfile" <<END
# syntax=docker/dockerfile:1
ARG BASE=$DEBIAN
FROM \$BASE AS packages
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get -q -o Acquire::Retries=3 update

FROM packages AS compiler
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked <<EOF
set -e
apt-get install -qq -y --no-install-recommends gcc libc6-dev
EOF
WORKDIR /src
COPY src/ .
ARG GREETING=hello
RUN gcc -static -DGREETING="\"\$GREETING\"" -o /out main.c && ./check.sh /out

FROM scratch AS program
COPY --from=compiler --chmod=555 /out /bin/greet
USER 1000:1000
ENTRYPOINT ["/bin/greet"]
CMD ["world"]

FROM packages AS web
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get install -qq -y --no-install-recommends nginx-light >/dev/null && rm -rf /var/www/html
COPY --from=compiler /src/page.html /var/www/html/index.html
COPY <<-EOF /etc/nginx/conf.d/log.conf
	access_log off;
EOF
EXPOSE 80
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=1h CMD nginx -t
CMD ["nginx", "-g", "daemon off;"]
END
  mkdir "$P/src"
  cat >"$P/src/main.c" <<'END'
#include <stdio.h>
int main(int argc, char** argv) { return printf("%s, %s\n", GREETING, argc > 1 ? argv[1] : "nobody") < 0; }
END
  cat >"$P/src/check.sh" <<'END'
#!/bin/sh
test "$($1 you)" = "$GREETING, you"
END
  chmod 0755 "$P/src/check.sh"
  echo "<p>built</p>" >"$P/src/page.html"
  printf '*.log\n.git\n' >"$P/.dockerignore"
  echo secret >"$P/src/debug.log"
  chown -R "$ACCOUNT:" "$P"
}

@test "projects: a C program in two stages, and nginx that serves" {
  project
  must build --target program -t greet "$P"
  must run --rm greet
  out_is "hello, world"
  must run --rm greet you
  out_is "hello, you"
  equal files "/bin
/bin/greet" "$(ct create --name "$C.x" greet >/dev/null && ct export "$C.x" | tar -t | sed 's,/$,,; s,^,/,' | sort)"

  # Another value of the argument compiles again, and fetches nothing.
  must build --target program --build-arg GREETING=bye -t greet "$P"
  out_has "Using cache"
  out_lacks "apt-get: "
  must run --rm greet
  out_is "bye, world"

  must build --target web -t web "$P"
  must run -d --name "$C" -p 127.0.0.1:28138:80 web
  until_ok 10 curl -fsS http://127.0.0.1:28138/ -o "$T/page"
  equal page "<p>built</p>" "$(cat "$T/page")"
  equal config "[nginx -g daemon off;] SIGQUIT map[80/tcp:{}]" \
    "$(ct image inspect -f '{{.Config.Cmd}} {{.Config.StopSignal}} {{.Config.ExposedPorts}}' web)"
  must stop -t 5 "$C"
  equal status 0 "$(ct inspect -f '{{.State.ExitCode}}' "$C")"
}
