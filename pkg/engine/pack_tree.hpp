// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/tar_writer.hpp"
#include "base/result.hpp"
#include "sys/dir_stack.hpp"
#include "sys/fd.hpp"

namespace ctool::engine {

struct PackTreeOptions {
  // The source is an overlay's upper folder, and the archive a layer: whiteouts become ".wh." entries.
  bool layer = false;
  std::optional<std::pair<uint32_t, uint32_t>> owner;  // of every entry, instead of its own
  bool skip_unreadable = false;                        // instead of an error
  std::function<bool(const std::string& path, const struct stat& st)> skip;  // by path below the source
};

// Writes a directory tree into an archive, in the order of names: no symbolic link is followed, and what somebody
// changes meanwhile can't lead out of it. Sockets and devices are left out.
class TreePacker {
 public:
  TreePacker(archive::TarWriter& tar, PackTreeOptions options) : tar_(tar), options_(std::move(options)) {}

  // What is in `dir`, named by its path below it.
  Status PackContents(sys::Fd dir);
  // The entry `name` of `dir`, as `as`, with what is below it.
  Status PackEntry(sys::Fd dir, const std::string& name, const std::string& as);
  // `dir` itself, as "./".
  Status PackRoot(int dir);

 private:
  using Inode = std::pair<dev_t, ino_t>;
  struct Level {
    std::vector<std::string> names;
    size_t next = 0;
  };

  Status Walk();
  Status Handle(const std::string& name, const std::string& as);
  Status PackDirectory(const std::string& name, const std::string& path, const struct stat& st);
  Status PackFile(int dir, const std::string& name, archive::Entry& entry);
  Status CopyData(int fd, uint64_t offset, uint64_t length, const std::string& path);
  Status PackMarker(const std::string& path, const struct stat& st);
  // An entry that went while we looked, or that may not be read.
  bool IsLeftOut(const Error& error) const;
  archive::Entry EntryOf(const std::string& path, const struct stat& st) const;

  archive::TarWriter& tar_;
  PackTreeOptions options_;
  std::optional<sys::DirStack> stack_;
  std::string renamed_from_, renamed_to_;  // of PackEntry: how paths begin
  std::vector<Level> levels_;
  std::map<Inode, std::string> links_;
  std::string chunk_;
};

}  // namespace ctool::engine
