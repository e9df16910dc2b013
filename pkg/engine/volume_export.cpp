// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include "base/text.hpp"
#include "engine/pack_tree.hpp"
#include "engine/unshare.hpp"
#include "engine/volumes_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Status Pack(int folder, int output) {
  archive::TarWriter tar([output](std::string_view bytes) { return sys::WriteAll(output, bytes, "the archive"); });
  TreePacker packer(tar, {});
  TRY(packer.PackContents(TRY(sys::OpenAt(folder, ".", O_RDONLY | O_DIRECTORY))));
  return tar.Finish();
}

}  // namespace

Status ExportVolume(Engine& engine, const std::string& name, const std::string& output) {
  if (output.empty() && ::isatty(STDOUT_FILENO) == 1)
    return Error(Code::kInvalidArgument, "refusing to export to terminal. Use -o flag or redirect");
  const VolumeInfo volume = TRY(FindVolume(engine, name));
  const VolumeSource source = TRY(ParseVolumeSource(volume.options));
  sys::Fd file;
  if (!output.empty()) file = TRY(sys::Open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666));
  const int fd = output.empty() ? STDOUT_FILENO : file.get();
  TRY(WithVolume(source, volume.mountpoint, [fd](int folder) { return Pack(folder, fd); }));
  return output.empty() ? Ok() : file.Close(output);
}

Result<std::string> MountVolume(Engine& engine, const std::string& name) {
  const VolumeInfo volume = TRY(FindVolume(engine, name));
  const VolumeSource source = TRY(ParseVolumeSource(volume.options));
  if (source.kind != VolumeSource::Kind::kFolder && !TRY(IsMounted(volume.mountpoint)))
    TRY(MountVolumeSource(source, volume.mountpoint));
  return volume.mountpoint;
}

Status UnmountVolume(Engine& engine, const std::string& name) {
  const VolumeInfo volume = TRY(FindVolume(engine, name));
  if (!IsUnshared() || !TRY(IsMounted(volume.mountpoint))) return Ok();
  return UnmountPath(volume.mountpoint);
}

}  // namespace ctool::engine
