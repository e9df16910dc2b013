// SPDX-License-Identifier: Apache-2.0
#include "transport/folder_output_internal.hpp"

#include <sys/stat.h>

#include "sys/file.hpp"
#include "sys/send_range.hpp"
#include "transport/images_internal.hpp"
#include "transport/output_file.hpp"

namespace ctool::transport {

Result<FolderOutput> FolderOutput::Open(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) < 0 && errno != EEXIST) return Error::Sys(errno, "mkdir", path);
  const sys::Fd folder = TRY(sys::Open(path, O_RDONLY | O_DIRECTORY));
  return FolderOutput(path);
}

bool FolderOutput::Has(const std::string& name, int64_t size) const {
  struct stat st {};
  return ::lstat((path_ + "/" + name).c_str(), &st) == 0 && S_ISREG(st.st_mode) && st.st_size == size;
}

Status FolderOutput::MakeFolder(const std::string& name) const {
  const std::string path = path_ + "/" + name;
  if (::mkdir(path.c_str(), 0777) < 0 && errno != EEXIST) return Error::Sys(errno, "mkdir", path);
  return Ok();
}

Status FolderOutput::PutText(const std::string& name, std::string_view text) const {
  OutputFile file = TRY(OutputFile::Create(path_ + "/" + name));
  TRY(sys::WriteAll(file.fd(), text, file.what()));
  return file.Publish();
}

Status FolderOutput::PutBlob(const std::string& name, int64_t size, const BlobBytes& bytes, Progress* progress) const {
  OutputFile file = TRY(OutputFile::Create(path_ + "/" + name));
  int64_t sent = 0;
  if (bytes.file) {
    sent = bytes.file->size;
    TRY(sys::SendRange(bytes.file->fd, bytes.file->offset, bytes.file->size, file.fd(), file.what(), [&](int64_t n) {
      if (progress != nullptr) progress->received += n;
    }));
  } else {
    sent = TRY(Send(*bytes.stream, [&](std::string_view chunk) {
      return sys::WriteAll(file.fd(), chunk, file.what());
    }, progress));
  }
  if (sent != size)
    return Error(Code::kCorrupt, name + ": wrong size: " + std::to_string(sent) + " bytes instead of " + std::to_string(size));
  return file.Publish();
}

}  // namespace ctool::transport
