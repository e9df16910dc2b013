// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"

namespace ctool::runtime::init {
namespace {

struct Device {
  const char* name;
  unsigned major, minor;
};
// OCI runtime-spec config-linux.md, "Default Devices". A user namespace can't make nodes, so the
// host's are bound; each is checked to be the device it should be.
constexpr std::array<Device, 6> kDevices = {{{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                                             {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}}};

struct Link {
  const char* name;
  const char* target;
};
constexpr std::array<Link, 6> kLinks = {{{"fd", "/proc/self/fd"},
                                         {"stdin", "/proc/self/fd/0"},
                                         {"stdout", "/proc/self/fd/1"},
                                         {"stderr", "/proc/self/fd/2"},
                                         {"core", "/proc/kcore"},
                                         {"ptmx", "pts/ptmx"}}};

Result<sys::DetachedMount> DeviceNode(const Device& device) {
  const std::string host = std::string("/dev/") + device.name;
  sys::DetachedMount node = TRY(sys::DetachedMount::Clone(AT_FDCWD, host, false));
  const struct stat st = TRY(sys::StatFd(node.fd(), host));
  if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(device.major, device.minor))
    return Error(Code::kCorrupt, "'" + host + "' of the host is not the device it should be");
  TRY(node.SetAttributes(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MS_PRIVATE, false));
  return node;
}

// A fresh /dev; the user's own is not ours to fill.
bool FillsDev(const InitPlan& plan) {
  bool fresh = false;
  for (const MountPlan& mount : plan.mounts)
    if (mount.destination == "/dev") fresh = mount.kind == MountPlan::Kind::kFilesystem;
  return fresh;
}

// The user has put something else, or the same, in its place.
bool IsCovered(const InitPlan& plan, const std::string& name) {
  return std::any_of(plan.mounts.begin(), plan.mounts.end(), [&](const MountPlan& m) { return m.destination == "/dev/" + name; });
}

}  // namespace

Status PrepareDevices(Context& c) {
  c.devices.resize(kDevices.size());
  if (!FillsDev(c.plan)) return Ok();
  for (size_t i = 0; i < kDevices.size(); ++i) c.devices[i] = TRY(DeviceNode(kDevices[i]));
  return Ok();
}

Status MakeDevices(Context& c) {
  if (!FillsDev(c.plan)) return Ok();
  const sys::Fd dev = TRY(c.root->Open("/dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  for (size_t i = 0; i < kDevices.size(); ++i) {
    if (IsCovered(c.plan, kDevices[i].name)) continue;
    const sys::Fd target =
        TRY(sys::OpenAt(dev.get(), kDevices[i].name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666));
    TRY(c.devices[i]->Attach(target.get()));
  }
  c.devices.clear();
  for (const Link& link : kLinks)
    if (::symlinkat(link.target, dev.get(), link.name) < 0 && errno != EEXIST)
      return Error::Sys(errno, "symlink /dev", link.name);
  return Ok();
}

}  // namespace ctool::runtime::init
