// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

namespace ctool {

constinit const cli::Topic kStorageConfTopic = {
    .name = "storage.conf",
    .section = "5",
    .summary = "a file that ctool does not read",
    .prose = R"prose(
storage.conf(5) configures the store that podman, buildah and skopeo share. ctool has a store of its own and does not
read the file: whatever it says, nothing of ctool's changes. What people use it for is done so:

graphroot :: --root FOLDER, or XDG_DATA_HOME: the store is $XDG_DATA_HOME/ctool, else ~/.local/share/ctool.
runroot :: --runroot FOLDER, or XDG_RUNTIME_DIR.
driver :: Always an overlay: the kernel's, fuse-overlayfs where that can't be used, a copy where neither can.
mount_program, mountopt :: Found by itself; ctool info shows which one is used.
ignore_chown_errors :: Not needed: with one id only, the image's files belong to you.
additionalimagestores :: There are none. A folder of images that many read is an OCI layout: ctool pull
oci:/srv/images:name.
remap-uids, remap-gids :: --uidmap, --gidmap, --userns.

The store is not podman's, so both may be used side by side. An image goes from one to the other as an archive:
    $ ctool save --format oci-archive -o image.tar alpine
    $ ctool load -i image.tar

# Layout
ctool.db :: A SQLite database with the records of images, containers, volumes.
blobs/sha256 :: Layers as they came, and configurations, by digest.
layers :: Layers unpacked.
volumes, networks, secrets :: What their names say.

Nothing in there should be changed by hand. ctool system check tells whether all is as it should be:
    $ ctool system check --quick
)prose"};

}  // namespace ctool
