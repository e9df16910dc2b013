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

@test "projects: a Python program, and PostgreSQL that answers" {
  local dir
  dir=$(user_dir python)
  cat >"$dir/Containerfile" <<END
FROM $DEBIAN AS packages
ENV DEBIAN_FRONTEND=noninteractive
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get -q -o Acquire::Retries=3 update

FROM packages AS app
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get install -qq -y --no-install-recommends python3-minimal >/dev/null
WORKDIR /app
COPY app.py .
RUN --mount=type=cache,target=/root/.cache/app <<EOF
#!/usr/bin/python3
import pathlib
count = pathlib.Path("/root/.cache/app/count")
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
pathlib.Path("/app/number").write_text(str(number))
EOF
CMD ["python3", "app.py"]

FROM packages AS database
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get install -qq -y --no-install-recommends postgresql-15 >/dev/null
ENV PATH=/usr/lib/postgresql/15/bin:\$PATH PGDATA=/var/lib/postgresql/data
USER postgres
RUN initdb -A trust >/dev/null && echo "listen_addresses = ''" >>\$PGDATA/postgresql.conf
CMD ["postgres"]
END
  echo 'print("run", open("/app/number").read())' >"$dir/app.py"
  chown -R "$ACCOUNT:" "$dir"
  must build --target app -t app "$dir"
  must run --rm app
  out_is "run 1"
  # The cache mount has outlived the first build, and the step its layer.
  must build --target app --no-cache -t app "$dir"
  must run --rm app
  out_is "run 2"

  must build --target database -t database "$dir"
  must run -d --name "$C" --network none database
  until_ok 20 ct exec "$C" psql -c 'select 1'
  must exec "$C" psql -Atc 'create table t(n int); insert into t select generate_series(1, 100); select sum(n) from t'
  out_has 5050
  must stop -t 10 "$C"
  equal status 0 "$(ct inspect -f '{{.State.ExitCode}}' "$C")"
}

# The certificates of this machine's registries, as a secret: a proxy may have its own.
@test "projects: a Node program with a package of npm's registry, which its cache mount keeps" {
  local dir certificates=/etc/ssl/certs/ca-certificates.crt
  dir=$(user_dir node)
  cat >"$dir/Containerfile" <<END
FROM $DEBIAN AS packages
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get -q -o Acquire::Retries=3 update

FROM packages AS node
ENV DEBIAN_FRONTEND=noninteractive npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\
    apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io npm >/dev/null

FROM node AS reach
RUN --mount=type=secret,id=ca npm_config_cafile=/run/secrets/ca npm ping

FROM node AS app
WORKDIR /app
COPY package.json .
ARG HOW=
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=ca npm_config_cafile=/run/secrets/ca npm install \$HOW
COPY app.js .
USER nobody
CMD ["node", "app.js"]
END
  echo '{"name": "app", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}}' >"$dir/package.json"
  echo 'console.log(require("left-pad")("x", 3, "-"))' >"$dir/app.js"
  cat "$certificates" >"$T/ca" 2>/dev/null || true
  must build --target node "$dir"
  try build --secret "id=ca,src=$T/ca" --target reach "$dir"
  ((rc == 0)) || unmet "npm's registry can't be reached from here: $(tail -n 3 <<<"$err")"

  must build --secret "id=ca,src=$T/ca" -t node-app "$dir"
  must run --rm --network none node-app
  out_is "--x"
  # Another program needs no registry; another installation finds the package where the first has left it.
  echo 'console.log(require("left-pad")("y", 2, "+"))' >"$dir/app.js"
  must build --secret "id=ca,src=$T/ca" --network none --build-arg HOW=--offline -t node-app "$dir"
  must run --rm --network none node-app
  out_is "+y"
  equal certificates "" "$(ct run --rm --network none node-app sh -c 'ls -d /run/secrets 2>/dev/null')"
}
