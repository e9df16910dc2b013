// SPDX-License-Identifier: Apache-2.0
#include "engine/container_size_internal.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

#include "engine/settle_internal.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

// Bytes of the files below `fd`; false when a folder could not be read.
bool AddSizes(int parent, const char* name, int64_t& bytes) {
  const Result<sys::Fd> dir = sys::OpenAt(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!dir.ok()) return dir.error().sys_errno() == ENOENT;  // it went while we looked
  const Result<std::vector<std::string>> names = sys::ListDir(dir->get(), name);
  if (!names.ok()) return false;
  bool complete = true;
  for (const std::string& entry : *names) {
    struct stat st {};
    if (::fstatat(dir->get(), entry.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (S_ISDIR(st.st_mode)) complete = AddSizes(dir->get(), entry.c_str(), bytes) && complete;
    else bytes += st.st_size;
  }
  return complete;
}

// Folders of subordinate ids can only be read inside the user namespace.
Result<int64_t> TreeSize(const std::string& path) {
  int64_t bytes = 0;
  if (AddSizes(AT_FDCWD, path.c_str(), bytes)) return bytes;
  void* shared = ::mmap(nullptr, sizeof bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return Error::Sys(errno, "mmap");
  auto* answer = static_cast<int64_t*>(shared);
  const auto work = [&] { return AddSizes(AT_FDCWD, path.c_str(), *answer) ? 0 : 1; };
  const userns::IdMap map = TRY(userns::DefaultMap());
  const Result<int> code = userns::RunInside(map, work);
  bytes = *answer;
  ::munmap(shared, sizeof bytes);
  if (!code.ok()) return code.error();
  if (*code != 0) return Error(Code::kPermission, "the files in '" + path + "' can't all be seen");
  return bytes;
}

}  // namespace

Result<ContainerSize> SizeOf(Engine& engine, const state::Container& container) {
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  // A folder of the host's (--rootfs) is not ours to count.
  if (sys::ReadLinkAt(AT_FDCWD, files.Rootfs()).ok()) return ContainerSize{};
  const bool copied = sys::Exists(files.Rootfs());
  const std::optional<state::Image> image = TRY(TRY(engine.Db())->FindImageById(container.image_id));
  const int64_t below = image ? image->size : 0;
  const int64_t own = TRY(TreeSize(copied ? files.Rootfs() : files.Upper()));
  if (copied) return ContainerSize{std::max<int64_t>(own - below, 0), own};
  return ContainerSize{own, own + below};
}

}  // namespace ctool::engine
