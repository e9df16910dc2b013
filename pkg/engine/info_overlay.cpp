// SPDX-License-Identifier: Apache-2.0
//
// Whether the kernel mounts an overlay for us depends on the kernel, on security modules and on
// the file system of the store. The one reliable question is the mount itself.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sched.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/scope.hpp"
#include "engine/host_facts.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

// In a user namespace of one id: which ids are mapped makes no difference to the mount.
Result<int> MountInside(const std::string& folder) {
  // volatile: or the end of the mount would sync the store's whole file system.
  const std::string options = "lowerdir=" + folder + "/lower,upperdir=" + folder +
                              "/upper,workdir=" + folder + "/work,userxattr,volatile";
  if (!sys::KeepsUserAttributes(folder)) return EOPNOTSUPP;
  return userns::RunInside(userns::SingleIdMap("", ""), [&] {
    const std::string merged = folder + "/merged";
    return ::mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) == 0 ? 0 : errno;
  });
}

// The errno of the mount, 0 for success.
Result<int> TryMount(const storage::Store& store) {
  std::string folder = store.root() + "/staging/probe-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr)
    return Error::Sys(errno, "make a folder in", store.root() + "/staging");
  const ScopeFail remove([&] { static_cast<void>(sys::RemoveTree(folder).ok()); });
  // Staging without a lock is swept up by whoever passes.
  const sys::Fd dir = TRY(sys::Open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (::flock(dir.get(), LOCK_EX | LOCK_NB) < 0) return Error::Sys(errno, "flock", folder);
  for (const char* name : {"/lower", "/upper", "/work", "/merged"})
    TRY(sys::MakeDirs(folder + name, 0700));
  return MountInside(folder);
}

}  // namespace

Result<int> TryFreshProc() {
  return userns::RunInside(userns::SingleIdMap("", ""), [] {
    if (::unshare(CLONE_NEWPID) < 0) return errno;
    const pid_t pid = ::fork();
    if (pid < 0) return errno;
    if (pid == 0) ::_exit(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ? 0 : errno);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  });
}

OverlayInfo ProbeOverlay(const storage::Store& store) {
  OverlayInfo info;
  struct statfs fs {};
  if (::statfs(store.root().c_str(), &fs) == 0)
    info.backing = FilesystemName(static_cast<uint64_t>(fs.f_type) & 0xffffffff);
  const Result<int> tried = TryMount(store);
  if (!tried.ok()) {
    info.degraded.push_back({"containers", tried.error().Message(), tried.error().hint()});
    return info;
  }
  info.native = *tried == 0;
  if (info.native) return info;
  const std::string refusal =
      std::string("the kernel's overlay does not work here (") + ::strerrordesc_np(*tried) + ")";
  const Result<std::string> fuse = sys::FindProgram("fuse-overlayfs", sys::ProgramPath());
  const bool usable = fuse.ok() && ::access("/dev/fuse", R_OK | W_OK) == 0;
  if (usable) info.fuse = *fuse;
  info.degraded.push_back({"overlay",
                           refusal + (usable ? ": fuse-overlayfs is used, which is slower"
                                                : ": each container gets a copy of its image"),
                           usable ? "" : fuse.ok() ? "/dev/fuse must be readable and writable for you" : "install fuse-overlayfs"});
  return info;
}

}  // namespace ctool::engine
