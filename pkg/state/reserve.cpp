// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "state/connection_internal.hpp"
#include "sys/file.hpp"

namespace ctool::state {
namespace {

constexpr off_t kReserveBytes = 1 << 20;
// Below this much free space the reserve is not made again: it would take what a removal just
// gave back to the user.
constexpr uint64_t kPlentyBytes = 8 << 20;

std::string ReservePath(const std::string& database_path) { return database_path + ".reserve"; }

}  // namespace

// Best effort throughout: without a reserve only removals on a full disk are worse off.
void KeepReserve(const std::string& database_path) {
  const std::string path = ReservePath(database_path);
  if (sys::Exists(path)) return;
  struct statvfs fs {};
  if (::statvfs(database_path.c_str(), &fs) < 0 || fs.f_bavail * fs.f_frsize < kPlentyBytes) return;
  Result<sys::Fd> file = sys::Open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  // Blocks that are really ours: where fallocate is not supported there is no reserve.
  if (file.ok() && ::fallocate(file->get(), 0, 0, kReserveBytes) < 0) ::unlink(path.c_str());
}

bool SpendReserve(const std::string& database_path) {
  return ::unlink(ReservePath(database_path).c_str()) == 0;
}

}  // namespace ctool::state
