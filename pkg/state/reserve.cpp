// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "state/connection_internal.hpp"
#include "sys/file.hpp"

namespace ctool::state {
namespace {

constexpr off_t kReserveBytes = 1 << 20;
// Given up at once: the log's shared index is half as large, and so is what most transactions write. The disk may be full because somebody
// goes on writing, who takes what is given up and not used.
constexpr off_t kSliceBytes = 64 << 10;
// Below this much free space the reserve is not made: it would take what a removal just gave back to the user.
constexpr uint64_t kPlentyBytes = 8 << 20;

std::string ReservePath(const std::string& database_path) { return database_path + ".reserve"; }

off_t SizeOf(const sys::Fd& file) {
  struct stat st {};
  return ::fstat(file.get(), &st) == 0 ? st.st_size : 0;
}

}  // namespace

// Best effort throughout: without a reserve only removals on a full disk are worse off.
void KeepReserve(const std::string& database_path) {
  const std::string path = ReservePath(database_path);
  struct stat st {};
  if (::lstat(path.c_str(), &st) == 0 && st.st_size >= kReserveBytes) return;
  struct statvfs fs {};
  if (::statvfs(database_path.c_str(), &fs) < 0 || fs.f_bavail * fs.f_frsize < kPlentyBytes) return;
  const Result<sys::Fd> file = sys::Open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
  // Blocks that are really ours: where fallocate is not supported there is no reserve.
  if (file.ok() && ::fallocate(file->get(), 0, 0, kReserveBytes) < 0 && SizeOf(*file) == 0) ::unlink(path.c_str());
}

bool SpendReserve(const std::string& database_path) {
  const Result<sys::Fd> file = sys::Open(ReservePath(database_path), O_WRONLY | O_NOFOLLOW);
  if (!file.ok()) return false;
  const off_t size = SizeOf(*file);
  return size > 0 && ::ftruncate(file->get(), std::max<off_t>(size - kSliceBytes, 0)) == 0;
}

void RegainReserve(const std::string& database_path) {
  const Result<sys::Fd> file = sys::Open(ReservePath(database_path), O_WRONLY | O_NOFOLLOW);
  if (!file.ok()) return;
  for (off_t size = SizeOf(*file); size < kReserveBytes; size += kSliceBytes)
    if (::fallocate(file->get(), 0, 0, std::min(size + kSliceBytes, kReserveBytes)) < 0) return;
}

}  // namespace ctool::state
