// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "archive/tar_writer.hpp"
#include "base/result.hpp"
#include "transport/image.hpp"
#include "transport/output_file.hpp"

namespace ctool::transport {

// A tar archive that goes to a file or pipe. Everything in it belongs to root and is of 1970, so that the same images
// make the same archive.
class TarOutput {
 public:
  TarOutput(OutputFile file, uint32_t mode);

  Status PutFolder(const std::string& name);
  Status PutText(const std::string& name, std::string_view text);
  Status PutLink(const std::string& name, const std::string& target);
  // kCorrupt unless `bytes` are `size` of them.
  Status PutBlob(const std::string& name, int64_t size, const BlobBytes& bytes, Progress* progress);
  // Room for `size` bytes that come later; nothing where the archive goes to no file.
  Result<std::optional<FileRange>> Reserve(const std::string& name, int64_t size);
  Status Finish();  // and makes the file visible

  const std::string& what() const { return file_.what(); }

 private:
  Status PutStream(int64_t size, archive::Source& stream, Progress* progress);

  OutputFile file_;
  const uint32_t mode_;  // of files
  archive::TarWriter tar_;
};

}  // namespace ctool::transport
