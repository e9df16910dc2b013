// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// A file that is only appended to and, when it has become long, renamed to NAME.1 and begun anew. Reads what both hold,
// oldest first, and what is appended while it is read. Who writes must not append to NAME.1.
class RotatedFile {
 public:
  explicit RotatedFile(std::string path) : path_(std::move(path)) {}

  // Takes what is there now: neither file has to be.
  Status Open();
  // Another part of the contents; 0: nothing more for now. A file that did not exist is looked for again.
  Result<size_t> Read(char* to, size_t size);

  // The files that are left to read, oldest first, for who wants to begin somewhere else: by lseek.
  const std::deque<Fd>& parts() const { return parts_; }
  std::deque<Fd>& parts() { return parts_; }

 private:
  Status TakeAfter(int last);  // what was begun after the file `last` (-1: all)
  Result<bool> WasRenamed(int last) const;
  std::string path_;
  std::deque<Fd> parts_;
};

}  // namespace ctool::sys
