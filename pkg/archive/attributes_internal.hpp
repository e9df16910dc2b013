// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "archive/tar_reader.hpp"
#include "archive/unpack.hpp"
#include "base/result.hpp"
#include "sys/root.hpp"

namespace ctool::archive {

// Owner, permissions and times that something is to get. An id of -1 is left as it is, which is
// also how chown(2) has it.
struct Attributes {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  mode_t mode = 0;  // 07777
  timespec mtime{};
  std::vector<Xattr> xattrs;  // the allowed ones only
};

// Decides which attributes of an entry are applied, and applies them by descriptor: owner, then
// mode (chown clears set-id bits), then xattrs (chown clears capabilities), then times.
class AttributeWriter {
 public:
  // Looks once at what the kernel gives to new files below `dest`, so that a file that has its
  // owner and mode from the start costs no call.
  AttributeWriter(const sys::Root& dest, const UnpackOptions& options, UnpackStats& stats);

  // kPermission "uid N of ENTRY is not mapped". Counts what is dropped.
  Result<Attributes> Select(Entry& entry) const;

  // The mode that a new file has when it was created with `asked`; nothing when that is not
  // certain. `is_dir`: directories may inherit a set-group-ID bit.
  std::optional<mode_t> NewMode(mode_t asked, bool is_dir) const;

  // `present`: the mode that `fd` has now, when that is known.
  Status Apply(int fd, const std::string& path, const Attributes& wanted,
               std::optional<mode_t> present) const;
  // The same for a link or a FIFO, which can't be opened; without xattrs.
  Status ApplyAt(int dirfd, const char* name, const std::string& path, const Attributes& wanted,
                 bool is_link, std::optional<mode_t> present) const;

 private:
  Result<bool> SelectId(std::string_view kind, uint32_t id, const std::vector<IdRange>& ranges,
                        const Entry& entry) const;
  Status ExplainChown(int err, const std::string& path, const Attributes& wanted) const;

  const UnpackOptions& options_;
  UnpackStats& stats_;
  uid_t new_uid_ = static_cast<uid_t>(-1);  // of what we create; -1: not certain
  gid_t new_gid_ = static_cast<gid_t>(-1);
  std::optional<mode_t> umask_;  // nothing: modes of new files are not certain
  bool dirs_inherit_ = false;
};

}  // namespace ctool::archive
