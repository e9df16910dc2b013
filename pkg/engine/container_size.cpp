// SPDX-License-Identifier: Apache-2.0
#include "engine/container_size_internal.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>

#include "engine/settle_internal.hpp"
#include "sys/dir_stack.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

// Adds up a tree that containers have shaped: however deep, by a few descriptors.
class Adder {
 public:
  // Bytes of the files below `path`; nothing when a folder could not be read.
  std::optional<int64_t> Add(const std::string& path) {
    Result<sys::Fd> base = sys::Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!base.ok()) return base.error().sys_errno() == ENOENT ? std::optional<int64_t>(0) : std::nullopt;
    stack_.emplace(std::move(base).value());
    levels_.push_back(FoldersHere());
    while (complete_ && !levels_.empty()) {
      std::vector<std::string>& left = levels_.back();
      if (left.empty()) {
        levels_.pop_back();
        if (!levels_.empty()) stack_->Leave();
        continue;
      }
      const std::string name = std::move(left.back());
      left.pop_back();
      const Status entered = stack_->Enter(name);
      if (entered.ok()) levels_.push_back(FoldersHere());
      else if (entered.error().sys_errno() != ENOENT) complete_ = false;  // ENOENT: it went while we looked
    }
    return complete_ ? std::optional<int64_t>(bytes_) : std::nullopt;
  }

 private:
  std::vector<std::string> FoldersHere() {
    std::vector<std::string> folders;
    const Result<int> dir = stack_->Current();
    const Result<std::vector<std::string>> names = dir.ok() ? sys::ListDir(*dir, stack_->path()) : dir.error();
    if (!names.ok()) complete_ = false;
    else for (const std::string& name : *names) Count(*dir, name, folders);
    return folders;
  }

  void Count(int dir, const std::string& name, std::vector<std::string>& folders) {
    struct stat st {};
    if (::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) return;
    if (S_ISDIR(st.st_mode)) folders.push_back(name);
    else if (st.st_nlink == 1 || linked_.insert(st.st_ino).second) bytes_ += st.st_size;
  }

  std::optional<sys::DirStack> stack_;
  std::vector<std::vector<std::string>> levels_;
  std::set<ino_t> linked_;
  int64_t bytes_ = 0;
  bool complete_ = true;
};

// Folders of subordinate ids can only be read inside the user namespace.
Status AddInside(const std::vector<std::string>& paths, std::vector<std::optional<int64_t>>& sizes) {
  const size_t length = sizes.size() * sizeof(int64_t);
  void* shared = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return Error::Sys(errno, "mmap");
  auto* answers = static_cast<int64_t*>(shared);
  const auto work = [&] {
    for (size_t i = 0; i < paths.size(); ++i)
      if (!sizes[i]) answers[i] = Adder().Add(paths[i]).value_or(-1);
    return 0;
  };
  const Result<userns::IdMap> map = userns::DefaultMap();
  const Result<int> code = map.ok() ? userns::RunInside(*map, work) : map.error();
  for (size_t i = 0; i < paths.size(); ++i)
    if (!sizes[i] && answers[i] >= 0) sizes[i] = answers[i];
  ::munmap(shared, length);
  if (!code.ok()) return code.error();
  return Ok();
}

}  // namespace

Result<ContainerSize> SizeOf(Engine& engine, const state::Container& container) {
  const ContainerFiles files = TRY(FilesOf(engine, container.id));
  // A folder of the host's (--rootfs) is not ours to count.
  if (sys::ReadLinkAt(AT_FDCWD, files.Rootfs()).ok()) return ContainerSize{};
  const bool copied = sys::Exists(files.Rootfs());
  const std::optional<state::Image> image = TRY(TRY(engine.Db())->FindImageById(container.image_id));
  const int64_t below = image ? image->size : 0;
  const int64_t own = TRY(TreeSizes({copied ? files.Rootfs() : files.Upper()})).front();
  if (copied) return ContainerSize{std::max<int64_t>(own - below, 0), own};
  return ContainerSize{own, own + below};
}

Result<std::vector<int64_t>> TreeSizes(const std::vector<std::string>& paths) {
  std::vector<std::optional<int64_t>> sizes;
  for (const std::string& path : paths) sizes.push_back(Adder().Add(path));
  if (std::find(sizes.begin(), sizes.end(), std::nullopt) != sizes.end()) TRY(AddInside(paths, sizes));
  std::vector<int64_t> bytes;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!sizes[i]) return Error(Code::kPermission, "the files in '" + paths[i] + "' can't all be seen");
    bytes.push_back(*sizes[i]);
  }
  return bytes;
}

}  // namespace ctool::engine
