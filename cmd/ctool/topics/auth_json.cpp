// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

namespace ctool {

constinit const cli::Topic kAuthJsonTopic = {
    .name = "auth.json",
    .section = "5",
    .summary = "credentials for registries",
    .prose = R"prose(
auth.json holds what ctool login has stored, in the format of containers-auth.json(5), which docker's config.json has
too:

    {
      "auths": {
        "registry.example": {"auth": "YWxpY2U6c2VjcmV0"},
        "registry.example/team": {"auth": "Y2k6c2VjcmV0"}
      },
      "credHelpers": {"gcr.example": "gcloud"}
    }

"auth" is USER:PASSWORD in base64, which hides nothing: the file has mode 0600. A key is a registry or a part of it;
the longest that fits an image wins.

Looked into, one after the other: $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json,
~/.docker/config.json ($DOCKER_CONFIG), ~/.dockercfg. --authfile or REGISTRY_AUTH_FILE names the only file. ctool
login and logout write the first one, or ~/.config/containers/auth.json where there is no XDG_RUNTIME_DIR; what is
there is gone with the next boot, so for good:
    $ ctool login --authfile ~/.config/containers/auth.json registry.example

# Helpers
credHelpers :: The program docker-credential-NAME is asked for this registry, and for no other.
credsStore :: The same for every registry without an entry.

A helper's name is of a-z, 0-9, dot, dash and underscore; it has 30 seconds and 1 MiB for its answer. When it fails
the command fails: no other credentials are tried.
)prose"};

}  // namespace ctool
