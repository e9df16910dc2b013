// SPDX-License-Identifier: Apache-2.0
#include "engine/export.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "engine/pack_tree.hpp"
#include "engine/rootfs_view.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Status Pack(const sys::Root& root, int output) {
  archive::TarWriter tar([output](std::string_view bytes) { return sys::WriteAll(output, bytes, "the archive"); });
  TreePacker packer(tar, {});
  TRY(packer.PackContents(TRY(root.Open("/", O_RDONLY | O_DIRECTORY))));
  return tar.Finish();
}

}  // namespace

Status ExportContainer(Engine& engine, const std::string& container, const std::string& output) {
  if (output.empty() && ::isatty(STDOUT_FILENO) == 1)
    return Error(Code::kInvalidArgument, "refusing to export to terminal. Use -o flag or redirect");
  RootfsWanted wanted = TRY(WantRootfs(engine, container));
  wanted.with_mounts = false;
  wanted.writable = false;
  sys::Fd file;
  if (!output.empty()) file = TRY(sys::Open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666));
  const int fd = output.empty() ? STDOUT_FILENO : file.get();
  TRY(WithRootfs(engine, {wanted}, [fd](const std::vector<sys::Root>& roots) -> Result<std::string> {
    TRY(Pack(roots[0], fd));
    return std::string();
  }));
  return output.empty() ? Ok() : file.Close(output);
}

}  // namespace ctool::engine
