// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// Tells that something in some folders has changed: a file was appended to, made, renamed or removed. Which one is not
// told, so who waits looks again at what it is interested in.
class FolderWatch {
 public:
  static Result<FolderWatch> New();
  Status Add(const std::string& folder);
  int fd() const { return fd_.get(); }  // readable: something has changed
  void Drain();                         // before looking

 private:
  explicit FolderWatch(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace ctool::sys
