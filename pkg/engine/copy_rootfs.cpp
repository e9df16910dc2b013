// SPDX-License-Identifier: Apache-2.0
#include "engine/copy_rootfs.hpp"

#include <fcntl.h>

#include <utility>

#include "base/log.hpp"
#include "engine/copy_tree.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

Status CopyInside(const std::vector<std::string>& layers, const std::string& target) {
  TRY(sys::MakeDirs(target, 0755));
  CopyTreeOptions options;
  options.layer = true;
  options.shown = target;
  TreeCopier copier(options);
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    sys::Fd from = TRY(sys::Open(*layer, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    sys::Fd to = TRY(sys::Open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(copier.CopyContents(std::move(from), std::move(to)));
  }
  return Ok();
}

}  // namespace

Status CopyRootfs(const std::vector<std::string>& layers, const std::string& target) {
  const userns::IdMap map = TRY(userns::DefaultMap());
  const int code = TRY(userns::RunInside(map, [&]() -> int {
    const Status copied = CopyInside(layers, target);
    if (copied.ok()) return 0;
    Log(LogLevel::kError, "copying the image to '" + target + "': " + copied.error().Message());
    const Status removed = sys::RemoveTree(target);
    return removed.ok() ? 1 : 2;
  }));
  if (code != 0) return Error(Code::kIo, "copying the image failed");
  return Ok();
}

}  // namespace ctool::engine
