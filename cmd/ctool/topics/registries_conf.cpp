// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

namespace ctool {

constinit const cli::Topic kRegistriesConfTopic = {
    .name = "registries.conf",
    .section = "5",
    .summary = "where images come from",
    .prose = R"prose(
registries.conf says what a short name means, which registries are mirrored, insecure or blocked. The format is
version 2 of containers-registries.conf(5), in TOML. The first main file of ~/.config/containers, /etc/containers and
/usr/share/containers counts, then the drop-ins of registries.conf.d; CONTAINERS_REGISTRIES_CONF names the only file.
A misspelt key is a warning, a file of version 1 an error. Without any file docker.io is searched.

    unqualified-search-registries = ["docker.io", "quay.io"]

    [[registry]]
    prefix = "docker.io/library"
    location = "registry.example/mirror/library"

    [[registry]]
    location = "registry.example:5000"
    insecure = true

    [[registry.mirror]]
    location = "mirror.example"

    [aliases]
    busy = "docker.io/library/busybox"

# Keys
unqualified-search-registries :: Where a name without a registry is looked for, in this order.
short-name-mode :: enforcing (the default), permissive or disabled: whether a short name may mean several images when
nobody can be asked.
credential-helpers :: Which helpers are asked, besides "containers-auth.json", which means the files.
aliases :: Short names and what they mean. Aliases that were chosen once are in
~/.cache/containers/short-name-aliases.conf.

# Keys of [[registry]]
prefix :: The images that the entry is for: a host, a path, or *.example for the hosts below. The longest one wins.
location :: Where to fetch them from; the prefix, if it is missing.
insecure :: true: certificates are not checked, and plain HTTP is tried.
blocked :: true: nothing is fetched.
mirror-by-digest-only :: true: mirrors are only for images named by digest.
mirror :: Other places, tried in order before the location itself; each with location, insecure, and pull-from-mirror
(all, digest-only, tag-only).

localhost, 127.0.0.0/8 and ::1 are insecure when no entry says otherwise. When an image is fetched by an alias, the file
that has it is named.
)prose"};

}  // namespace ctool
