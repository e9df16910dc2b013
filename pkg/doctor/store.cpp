// SPDX-License-Identifier: Apache-2.0
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstring>

#include "base/text.hpp"
#include "doctor/checks_internal.hpp"
#include "engine/host_facts.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::doctor {
namespace {

constexpr uint64_t kMiB = 1 << 20;
// A small image (busybox) and a container need some ten MiB, usual ones hundreds.
constexpr uint64_t kLeastBytes = 16 * kMiB, kFewBytes = 1024 * kMiB;
constexpr uint64_t kLeastInodes = 200, kFewInodes = 50000;

Finding NoStore(const char* check, const Error& error) {
  Finding finding = Ill(State::kOff, check, error.Message(), "no image can be kept, and no container made");
  return Required(MendAsHinted(std::move(finding), error.hint().empty() ? "give another folder with --root, or set HOME or XDG_DATA_HOME" : error.hint()));
}

Finding OnFilesystem(const std::string& root, const std::string& name, uint64_t magic, bool attributes) {
  const std::string what = root + " is on " + name;
  if (magic == NFS_SUPER_MAGIC || magic == 0xff534d42 || magic == 0x01021997)
    return Advise(Ill(State::kDegraded, "store", what + ", a file system of the network",
                      "files of subordinate ids can't be made there: every file belongs to you, and containers are slow"),
                  "put the store on a local disk: --root, or XDG_DATA_HOME");
  if (!attributes)
    return Advise(Ill(State::kDegraded, "store", what + ", which keeps no extended attributes of users",
                      "the kernel's overlay can't be used, and files of images lose their attributes"),
                  "put the store on ext4, xfs or btrfs: --root, or XDG_DATA_HOME");
  if (magic == TMPFS_MAGIC)
    return Advise(Ill(State::kDegraded, "store", what, "images and containers are in memory, and gone after a reboot"),
                  "put the store on a disk: --root, or XDG_DATA_HOME");
  return Well("store", what);
}

std::string Size(uint64_t bytes) { return std::to_string(bytes / kMiB) + " MiB"; }

}  // namespace

Finding CheckStore(Host& host) {
  const auto store = host.engine.Store();
  if (!store.ok()) return NoStore("store", store.error());
  const std::string& root = (*store)->root();
  if (::access(root.c_str(), W_OK) != 0) return NoStore("store", Error::Sys(errno, "write to", root));
  struct statfs fs {};
  if (::statfs(root.c_str(), &fs) != 0) return NoStore("store", Error::Sys(errno, "statfs", root));
  const auto magic = static_cast<uint64_t>(fs.f_type) & 0xffffffff;
  return OnFilesystem(root, engine::FilesystemName(magic), magic, sys::KeepsUserAttributes(root));
}

Finding CheckSpace(Host& host) {
  const auto paths = host.engine.Paths();
  if (!paths.ok()) return NoStore("disk", paths.error());
  std::string folder = (*paths)->graph_root;
  struct statvfs fs {};
  // The store's folder may not be there yet.
  while (::statvfs(folder.c_str(), &fs) != 0) {
    if (folder.size() <= 1) return NoStore("disk", Error::Sys(errno, "statvfs", folder));
    folder = folder.substr(0, std::max<size_t>(1, folder.rfind('/')));
  }
  if (fs.f_blocks == 0) return Well("disk", "the file system of " + folder + " does not count its space");
  const uint64_t bytes = fs.f_bavail * fs.f_frsize;
  const bool counts_inodes = fs.f_files > 0;
  const std::string what = Size(bytes) + " free" + (counts_inodes ? " and " + std::to_string(fs.f_favail) + " inodes" : "") + " below " + folder;
  const bool none = bytes < kLeastBytes || (counts_inodes && fs.f_favail < kLeastInodes);
  const bool few = bytes < kFewBytes || (counts_inodes && fs.f_favail < kFewInodes);
  if (!few) return Well("disk", what);
  Finding finding = Ill(none ? State::kOff : State::kDegraded, "disk", what,
                        none ? "images can't be pulled, containers can't write" : "larger images may not fit");
  return Required(Mend(std::move(finding), By::kUser, "ctool system prune --all"));
}

Finding CheckOverlay(Host& host) {
  const auto store = host.engine.Store();
  if (!store.ok()) return Ill(State::kOff, "overlay", "there is no store to try it in", "no container can run");
  if (!host.userns) return Ill(State::kOff, "overlay", "there is no user namespace to try it in", "no container can run");
  const engine::OverlayInfo overlay = engine::ProbeOverlay(**store);
  if (overlay.native) return Well("overlay", "the kernel's, over " + overlay.backing);
  if (overlay.degraded.empty()) return Well("overlay", overlay.fuse);
  const engine::Degraded& why = overlay.degraded.front();
  Finding finding = Ill(State::kDegraded, "overlay", why.reason,
                        overlay.fuse.empty() ? "a start takes as long as copying the image" : "reading and writing files of the container takes longer");
  const std::optional<std::string> install = overlay.fuse.empty() ? InstallCommand("fuse-overlayfs") : std::nullopt;
  const bool installed = sys::FindProgram("fuse-overlayfs", sys::ProgramPath()).ok();
  if (install && !installed) return Mend(std::move(finding), By::kRoot, *install);
  return Advise(std::move(finding), "put the store on a file system that can be an overlay's upper layer (ext4, xfs, btrfs): --root, or XDG_DATA_HOME");
}

Finding CheckFuse(Host&) {
  constexpr char kConsequence[] = "images are not shared by containers with --uidmap or --userns (keep-id, auto), and not used where the kernel's overlay fails";
  const Result<std::string> program = sys::FindProgram("fuse-overlayfs", sys::ProgramPath());
  if (!program.ok()) {
    Finding finding = Ill(State::kDegraded, "fuse", "fuse-overlayfs is not installed", kConsequence);
    const std::optional<std::string> install = InstallCommand("fuse-overlayfs");
    return install ? Mend(std::move(finding), By::kRoot, *install) : Advise(std::move(finding), "install fuse-overlayfs");
  }
  if (::access("/dev/fuse", R_OK | W_OK) == 0) return Well("fuse", *program);
  const int err = errno;
  Finding finding = Ill(State::kDegraded, "fuse", std::string("/dev/fuse: ") + ::strerrordesc_np(err), kConsequence);
  return Mend(std::move(finding), By::kRoot, err == ENOENT ? "modprobe fuse" : "chmod 0666 /dev/fuse");
}

}  // namespace ctool::doctor
