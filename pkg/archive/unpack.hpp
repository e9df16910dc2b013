// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/stream.hpp"
#include "base/result.hpp"
#include "sys/root.hpp"

namespace ctool::archive {

// Which ids a layer's entries may have: ranges of ids that exist in the current user namespace.
struct IdRange {
  uint32_t first = 0, count = 0;
};

struct UnpackOptions {
  std::vector<IdRange> uids, gids;  // empty: every id exists
  // Single-id mode: an id that is not mapped is dropped (the file belongs to the caller) and
  // counted, instead of being an error.
  bool ignore_chown_errors = false;
  // true: `.wh.` entries become overlay whiteouts (character device 0:0) and user.overlay.opaque
  // (a layer folder). false: a whiteout is an ordinary name (`import` of a root file system).
  bool whiteouts = true;
  // Everything gets this owner instead of its own.
  std::optional<std::pair<uint32_t, uint32_t>> owner;
  // `dest` holds files already, which somebody may be changing: its directories stay and are unpacked into, anything else
  // is replaced. With `replace` unset a directory never gives way to something else, nor that to a directory.
  bool merge = false, replace = true;
  // With `merge`: "./" of the archive describes `dest`.
  bool merge_root = false;
};

struct UnpackStats {
  uint64_t entries = 0;
  uint64_t bytes = 0;            // sum of regular file sizes
  uint64_t skipped_devices = 0;  // device nodes that a user namespace can't make
  uint64_t dropped_ids = 0;      // with ignore_chown_errors
  uint64_t dropped_xattrs = 0;
  // The layer hides everything below it (".wh..wh..opq" in its root). overlayfs does not look at
  // user.overlay.opaque of a layer's root: whoever mounts must leave the layers below out.
  bool opaque_root = false;
  // Directories that the archive implies but does not describe ("a/b" without "a/"): made 0755
  // 0:0; a layer store must give them the attributes of the layer below.
  std::vector<std::string> implied_dirs;
};

// Unpacks one tar stream into the directory `dest`, which is empty unless `merge`. Reads the stream to its end (what
// follows the end-of-archive mark is read and thrown away), so that the caller's hash covers all.
// Every path is resolved below `dest`; owner, mode, xattrs and times are set through descriptors.
// Errors: kCorrupt (bad header, path escapes, invalid whiteout, hard link target missing, id out of
// range, truncated, "not a tar archive"), kPermission ("uid N is not mapped"), kIo with errno
// (ENOSPC). On error `dest` holds a partial tree, which the caller discards.
// Spec: OCI image-spec v1.1 layer.md; whiteouts: Documentation/filesystems/overlayfs.rst; making a
// 0:0 character device without privilege needs Linux 5.8, userxattr overlays Linux 5.11.
Result<UnpackStats> Unpack(Source& tar, const sys::Root& dest, const UnpackOptions& options);

}  // namespace ctool::archive
