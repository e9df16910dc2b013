// SPDX-License-Identifier: Apache-2.0
#include "transport/tar_output_internal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "sys/file.hpp"
#include "sys/send_range.hpp"

namespace ctool::transport {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

archive::Entry EntryOf(const std::string& name, archive::EntryType type, uint32_t mode) {
  archive::Entry entry;
  entry.path = name;
  entry.type = type;
  entry.mode = mode;
  return entry;
}

}  // namespace

TarOutput::TarOutput(OutputFile file, uint32_t mode)
    : file_(std::move(file)), mode_(mode),
      tar_([this](std::string_view bytes) { return sys::WriteAll(file_.fd(), bytes, file_.what()); }) {}

Status TarOutput::PutFolder(const std::string& name) {
  TRY(tar_.Begin(EntryOf(name, archive::EntryType::kDirectory, 0755)));
  return tar_.End();
}

Status TarOutput::PutText(const std::string& name, std::string_view text) {
  archive::Entry entry = EntryOf(name, archive::EntryType::kFile, mode_);
  entry.size = text.size();
  TRY(tar_.Begin(entry));
  TRY(tar_.Write(text));
  return tar_.End();
}

// Go's tar writer gives a link no permissions.
Status TarOutput::PutLink(const std::string& name, const std::string& target) {
  archive::Entry entry = EntryOf(name, archive::EntryType::kSymlink, 0);
  entry.link = target;
  TRY(tar_.Begin(entry));
  return tar_.End();
}

Status TarOutput::PutStream(int64_t size, archive::Source& stream, Progress* progress) {
  std::string chunk(kChunkBytes, '\0');
  for (int64_t sent = 0;;) {
    const size_t n = TRY(stream.Read({chunk.data(), chunk.size()}));
    sent += static_cast<int64_t>(n);
    if (sent > size || (n == 0 && sent < size))
      return Error(Code::kCorrupt, "wrong size: " + std::to_string(sent) + " bytes instead of " + std::to_string(size));
    if (n == 0) return Ok();
    TRY(tar_.Write({chunk.data(), n}));
    if (progress != nullptr) progress->received += static_cast<int64_t>(n);
  }
}

Status TarOutput::PutBlob(const std::string& name, int64_t size, const BlobBytes& bytes, Progress* progress) {
  archive::Entry entry = EntryOf(name, archive::EntryType::kFile, mode_);
  entry.size = static_cast<uint64_t>(size);
  TRY(tar_.Begin(entry));
  if (!bytes.file) {
    TRY_CTX(name, PutStream(size, *bytes.stream, progress));
    return tar_.End();
  }
  if (bytes.file->size != size)
    return Error(Code::kCorrupt, name + ": wrong size: " + std::to_string(bytes.file->size) + " bytes instead of " +
                                     std::to_string(size));
  TRY(tar_.WriteAround(entry.size, [&] {
    return sys::SendRange(bytes.file->fd, bytes.file->offset, size, file_.fd(), file_.what(), [&](int64_t sent) {
      if (progress != nullptr) progress->received += sent;
    });
  }));
  return tar_.End();
}

Result<std::optional<FileRange>> TarOutput::Reserve(const std::string& name, int64_t size) {
  const struct stat st = TRY(sys::StatFd(file_.fd(), file_.what()));
  const int flags = ::fcntl(file_.fd(), F_GETFL);
  // pwrite to a file that is only appended to ends up at its end.
  if (!S_ISREG(st.st_mode) || flags < 0 || (flags & O_APPEND) != 0) return std::optional<FileRange>();
  archive::Entry entry = EntryOf(name, archive::EntryType::kFile, mode_);
  entry.size = static_cast<uint64_t>(size);
  TRY(tar_.Begin(entry));
  FileRange range{file_.fd(), 0, size};
  TRY(tar_.WriteAround(entry.size, [&]() -> Status {
    range.offset = ::lseek(file_.fd(), 0, SEEK_CUR);
    if (range.offset < 0 || ::lseek(file_.fd(), size, SEEK_CUR) < 0) return Error::Sys(errno, "lseek", file_.what());
    return Ok();
  }));
  TRY(tar_.End());
  return std::optional<FileRange>(range);
}

Status TarOutput::Finish() {
  TRY(tar_.Finish());
  return file_.Publish();
}

}  // namespace ctool::transport
