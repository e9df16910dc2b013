// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "archive/attributes_internal.hpp"
#include "archive/unpack.hpp"
#include "base/result.hpp"
#include "sys/fd.hpp"
#include "sys/root.hpp"

namespace ctool::archive {

// Where an entry goes: an open directory and a name in it. `path` is the entry's place from the
// root without any symbolic link in it.
struct Place {
  std::shared_ptr<const sys::Fd> dir;
  std::string path;
  size_t name_at = 0;

  const char* name() const { return path.c_str() + name_at; }
  std::string parent() const { return path.substr(0, name_at == 0 ? 0 : name_at - 1); }
};

// The directories of a layer while it is unpacked. They stay 0700 or wider, owned by the caller
// and without set-group-ID bits until Finish gives them what the archive says, so that entries
// below them can be made by anybody, get no foreign group, and do not change their times.
class LayerTree {
 public:
  LayerTree(const sys::Root& dest, const AttributeWriter& attributes, const UnpackOptions& options);

  // The place of `path` (CleanPath's, not the root). Links in the way are followed inside the
  // tree; directories of the path itself that are missing are made, and are implied.
  // kCorrupt "parent ... is not a directory", "too many links".
  Result<Place> Locate(const std::string& path);
  // The same, but makes nothing: kNotFound.
  Result<Place> Find(const std::string& path);

  // A directory that an entry describes; a second entry for one adds its xattrs and replaces the
  // other attributes. Replaces what is no directory.
  Status PutDirectory(const Place& place, Attributes attributes);
  void DescribeRoot(Attributes attributes);

  // The whiteout of `place`: of the layers below, never of what this layer itself puts there.
  Status PutWhiteout(const Place& place);
  void MarkOpaque(const std::string& directory);

  // Removes what an earlier entry has put there.
  Status Remove(const Place& place);

  // Gives all directories their attributes, deepest first, and reports the implied ones.
  Status Finish(UnpackStats& stats);

 private:
  struct Directory {
    bool implied = true, opaque = false;
    bool existed = false;  // before us: stays as it is unless an entry describes it
    std::optional<mode_t> present_mode;
    Attributes wanted;
  };
  struct Cached {
    std::string asked, path;
    std::shared_ptr<const sys::Fd> dir;
  };
  struct Step;

  Result<Place> LocateIn(const std::string& path, bool make);
  Result<Cached> OpenParent(const std::string& parent, bool make);
  Result<Cached> Walk(const std::string& parent, bool make);
  void ForgetHandles();
  Status FollowLink(Step& step, const std::string& name) const;
  Status Make(int dirfd, const char* name, const std::string& path, mode_t mode);
  Result<sys::Fd> OpenExact(const std::string& path, uint64_t flags) const;

  const sys::Root& dest_;
  const AttributeWriter& attributes_;
  const UnpackOptions& options_;
  std::map<std::string, Directory> directories_;  // by path; "" is the root
  // The last directories used: an archive lists a directory's entries one after the other.
  std::array<Cached, 4> cache_;
  size_t next_cached_ = 0;
};

}  // namespace ctool::archive
