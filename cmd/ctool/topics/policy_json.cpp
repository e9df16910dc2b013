// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

namespace ctool {

constinit const cli::Topic kPolicyJsonTopic = {
    .name = "policy.json",
    .section = "5",
    .summary = "which images may be used",
    .prose = R"prose(
policy.json says which images may be fetched, and which must be signed, as containers-policy.json(5) has it. The first
file of ~/.config/containers/policy.json, /etc/containers/policy.json and /usr/share/containers/policy.json counts, or
the one named by CONTAINERS_POLICY_JSON. Without any file everything is accepted. A file that is no valid policy
accepts nothing.

    {
      "default": [{"type": "reject"}],
      "transports": {
        "docker": {
          "registry.example/team": [
            {"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/etc/pki/team.gpg"}
          ],
          "docker.io": [{"type": "insecureAcceptAnything"}]
        }
      }
    }

For an image of a registry the longest scope of "docker" holds that is its name or a part of it at a slash or the
tag's colon, then the scope "", then "default". Archives and folders have the transports docker-archive, oci-archive,
oci and dir.

# Requirements
insecureAcceptAnything :: Any image.
reject :: None.
signedBy :: Signed with an OpenPGP key: keyPath, keyPaths or keyData, and signedIdentity. This needs gpg.
sigstoreSigned :: Signed with cosign and a public key: keyPath, keyPaths, keyData or keyDatas, and signedIdentity.

signedIdentity is matchRepoDigestOrExact (the default), matchExact, matchRepository, exactReference, exactRepository
or remapIdentity. A scope with several requirements asks for all of them; one with a requirement that is not in this
list refuses every image.

Signatures by OpenPGP are found where registries.d says (lookaside); cosign's are in the registry beside the image, if
use-sigstore-attachments is set there. Archives for which a signature is asked are refused.
)prose"};

}  // namespace ctool
