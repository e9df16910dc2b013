// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "transport/image.hpp"

namespace ctool::transport {

// Files of a folder, each of them whole or not there at all.
class FolderOutput {
 public:
  // Made if it is missing.
  static Result<FolderOutput> Open(const std::string& path);

  const std::string& path() const { return path_; }
  bool Has(const std::string& name, int64_t size) const;  // a regular file of this size
  Status MakeFolder(const std::string& name) const;
  Status PutText(const std::string& name, std::string_view text) const;
  Status PutBlob(const std::string& name, int64_t size, const BlobBytes& bytes, Progress* progress) const;

 private:
  explicit FolderOutput(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace ctool::transport
