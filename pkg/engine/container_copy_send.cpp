// SPDX-License-Identifier: Apache-2.0
//
// `cp CONTAINER:PATH -`: an archive in place of files of the host.
#include <fcntl.h>
#include <unistd.h>

#include "engine/container_copy_internal.hpp"
#include "engine/pack_tree.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Status Send(const CopyEnd& from, const std::string& user) {
  const ResolvedPath source = TRY(FindSource(from));
  archive::TarWriter tar([](std::string_view bytes) { return sys::WriteAll(STDOUT_FILENO, bytes, "the standard output"); });
  PackTreeOptions options;
  options.owner = TRY(ContainerUser(*from.root, user));
  options.skip_unreadable = true;
  if (source.path == "/") options.skip = [](const std::string& path, const struct stat&) { return IsKernelFolder(path); };
  TreePacker packer(tar, options);
  constexpr int kReadDir = O_RDONLY | O_DIRECTORY | O_NONBLOCK;
  if (source.path == "/" || (source.is_directory && NamesContents(from.typed)))
    TRY(packer.PackContents(TRY(from.root->Open(source.path, kReadDir))));
  else
    TRY(packer.PackEntry(TRY(from.root->Open(source.Parent(), kReadDir)), source.Name(), source.Name()));
  return tar.Finish();
}

}  // namespace

Status CopyToArchive(Engine& engine, const CopyOptions& options) {
  const CopyPath from = ParseCopyPath(options.source);
  TRY(CheckArchiveEnd(from, options));
  if (::isatty(STDOUT_FILENO) == 1)
    return Error(Code::kInvalidArgument, "refusing to copy an archive to the terminal").Hint("redirect the standard output");
  const RootfsWanted wanted = TRY(WantCopied(engine, from.container, false));
  CopyEnd end{nullptr, from.container, from.path, wanted.spec.working_dir};
  TRY(WithRootfs(engine, {wanted}, [&](const std::vector<sys::Root>& roots) -> Result<std::string> {
    end.root = &roots[0];
    TRY(Send(end, wanted.spec.user));
    return std::string();
  }));
  return Ok();
}

}  // namespace ctool::engine
