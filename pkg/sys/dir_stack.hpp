// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

// The way from a directory down to where a walk is. However deep that is, only the last few directories are open: the
// others are opened again on the way back, name by name from the nearest that is, without following a link, and
// must then be the same directories. So whoever moves or replaces them meanwhile can stop a walk, but not lead it
// out of its tree.
class DirStack {
 public:
  // `base` is a directory, open for reading.
  explicit DirStack(Fd base);

  size_t depth() const { return frames_.size() - 1; }  // 0: at the base
  const std::string& path() const { return path_; }    // from the base, "" or "a/b"

  int Base() const { return frames_.front().fd.get(); }
  Result<int> Current();                // readable descriptor of where the walk is, good until the next call
  Status Enter(const std::string& name);
  void Leave();

  // Descriptors at once, the base aside.
  static constexpr size_t kOpen = 16;

 private:
  struct Frame {
    Fd fd;
    std::string name;
    dev_t dev = 0;
    ino_t ino = 0;
  };
  Status Reopen();

  std::vector<Frame> frames_;
  std::string path_;
};

}  // namespace ctool::sys
