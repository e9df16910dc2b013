// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::transport {

// A file that is there, whole, once it is published, and not before: until then it has no name, or one that nobody
// expects. What is at the path stays as it is until then. A pipe, device or socket at the path is written to as it is.
class OutputFile {
 public:
  // Follows links: what the path leads to is replaced.
  static Result<OutputFile> Create(const std::string& path);
  // The file `name` in the folder `dir`, which has to live as long: what is called so there already, a link included, is
  // replaced. `name` is one component.
  static Result<OutputFile> CreateIn(int dir, const std::string& name);
  // A descriptor of somebody else's: the standard output.
  static OutputFile Borrow(int fd, std::string what);

  OutputFile(OutputFile&& o) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  int fd() const { return fd_ ? fd_.get() : borrowed_; }
  const std::string& what() const { return what_; }

  Status Publish();

 private:
  OutputFile() = default;
  Status Name(const std::string& draft) const;
  Status OpenDraft();  // for path_

  sys::Fd fd_;
  int borrowed_ = -1;
  std::string what_, path_, draft_;  // path_: not published yet; draft_: the file's name until then, if it has one
};

}  // namespace ctool::transport
