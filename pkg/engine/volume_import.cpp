// SPDX-License-Identifier: Apache-2.0
//
// An archive, which may be compressed, into a volume. Runs only in the program ctool-images.
#include <fcntl.h>
#include <unistd.h>

#include "archive/stream.hpp"
#include "archive/unpack.hpp"
#include "engine/volumes_internal.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace ctool::engine {
namespace {

// The volume may be in use, and its users are not to be trusted: everything is resolved below its folder.
Status Unpack(int folder, int input, const std::string& what) {
  const std::unique_ptr<archive::Source> raw = archive::FromFd(input, what);
  const std::unique_ptr<archive::Source> plain = TRY(archive::DecompressDetected(*raw));
  archive::UnpackOptions options;
  options.whiteouts = false;
  options.merge = true;
  options.ignore_chown_errors = true;
  const sys::Root root(TRY(sys::OpenAt(folder, ".", O_PATH | O_DIRECTORY)));
  TRY(archive::Unpack(*plain, root, options));
  return Ok();
}

}  // namespace

Status ImportVolume(Engine& engine, const std::string& name, const std::string& input) {
  const VolumeInfo volume = TRY(FindVolume(engine, name));
  const VolumeSource source = TRY(ParseVolumeSource(volume.options));
  if (source.kind == VolumeSource::Kind::kTmpfs)
    return Error(Code::kUnsupported, "volume " + volume.record.name + " is in memory: there is nothing to unpack into while no container runs");
  if (input == "-" && ::isatty(STDIN_FILENO) == 1)
    return Error(Code::kInvalidArgument, "a tar archive is not read from a terminal").Hint("redirect the standard input, or name a file");
  sys::Fd file;
  if (input != "-") {
    Result<sys::Fd> opened = sys::Open(input, O_RDONLY);
    if (!opened.ok()) return std::move(opened).error().As(Code::kInvalidArgument);
    file = std::move(*opened);
  }
  const int fd = input == "-" ? STDIN_FILENO : file.get();
  return WithVolume(source, volume.mountpoint, [&](int folder) { return Unpack(folder, fd, input == "-" ? "the standard input" : input); });
}

}  // namespace ctool::engine
