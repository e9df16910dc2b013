// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/frame.hpp"
#include "runtime/plan.hpp"
#include "runtime/user.hpp"
#include "sys/mount.hpp"
#include "sys/root.hpp"

namespace ctool::runtime::init {

// What a mount is made from.
struct MountSources {
  bool found = false;
  sys::Fd source;              // of a bind whose files change hands, or of a part of it
  std::vector<sys::Fd> lower;  // of an overlay, top first
  sys::Fd upper, work;
  sys::Fd mark;                // the folder of MountPlan::mark
};

// What the steps of init share. Init is a fork of a single-threaded process (no CLONE_VM), so that
// it may allocate; it leaves only by execve or _exit.
struct Context {
  Context(uint64_t made, const SyncSocket& parent) : namespaces(made), sync(parent) {}

  const uint64_t namespaces;      // CLONE_NEW* that were made
  const SyncSocket& sync;
  InitPlan plan;                  // since AwaitBundle
  // Of plan.mounts, by their place there: what is looked up by name while our ids are still the caller's.
  std::vector<MountSources> sources;
  // Of plan.mounts and of the devices, what could be made before the id map was there.
  std::vector<std::optional<sys::DetachedMount>> trees, devices;
  std::optional<sys::Root> root;  // the container's root file system, once it is mounted
  sys::Fd merged;                 // where it is to be mounted
  std::optional<sys::DetachedMount> folder;  // the root itself, when it is a folder of the host's
  sys::Fd passwd, group;          // files for the accounts, of a container with foreign ids
  ResolvedUser user;
  // Given to the user once it is known who that is: what is mounted, by where.
  std::vector<std::pair<std::string, sys::Fd>> chowned;
  sys::Fd shm;                    // a tree: /dev/shm of the container whose IPC namespace is joined
  sys::Fd null;                   // the host's /dev/null, opened before anything can shadow it
  std::vector<std::string> env;   // of the process
  std::string home;               // HOME, when nobody but passwd has said it
  bool awaits_group = false;      // it is not in its control group yet
};

struct Step {
  Stage stage;
  Status (*run)(Context&);
};

// handshake.cpp: a step, whose failure is a kFailed frame and our end; and the end: descriptors in place, exec.
void Do(const Step& step, Context& c);
[[noreturn]] void ExecuteOrDie(Context& c, const int (&stdio)[3], const std::vector<int>& preserved);
// The ids of the image's files on disk are not those that the container has for them.
inline bool HasForeignIds(const Context& c) { return c.plan.spec.Annotation(kForeignIdsAnnotation) == "1"; }
// The caller's groups stay the process's.
inline bool KeepsGroups(const Context& c) { return c.plan.spec.Annotation(kKeepGroupsAnnotation) == "1"; }

// handshake.cpp: waits for the ids, and becomes 0:0 of the user namespace, or stays who it is where there is no 0.
Status AwaitIdMap(Context& c);
Status TellForeignIds(Context& c);
// handshake.cpp: waits until it is in its control group, and makes its cgroup namespace there. For a mount that shows it,
// and before any other frame is waited for; later calls do nothing.
Status EnterGroup(Context& c);
// handshake.cpp: a child of our parent, who is the one to wait for it, in namespaces that we have entered, or in new
// ones (`namespaces`, CLONE_NEW*) below them. 0 in the child; else its pid, and its pidfd.
Result<pid_t> CloneForParent(uint64_t namespaces, sys::Fd& pidfd);
// handshake.cpp: says that everything is ready, and waits for the word to execute.
Status AwaitExec(Context& c);
// rootfs.cpp: no mount of ours gets out, and the host's /dev/null is held before anything can shadow it.
Status LeaveHostMounts(Context& c);
// rootfs.cpp: opens what of the host's is needed once our ids are the container's, which may be none that own it.
Status PrepareRootfs(Context& c);
// rootfs.cpp: mounts the root (overlay, fuse-overlayfs through the monitor, or a plain folder).
Status MountRootfs(Context& c);
// mounts.cpp: makes file systems and binds sources, attached nowhere yet, as far as that works without ids. Best
// effort: what it leaves out MountAll does.
Status PrepareMounts(Context& c);
// mounts.cpp: every other mount, in order.
Status MountAll(Context& c);
// chown.cpp: gives what was mounted for that (Context::chowned) to the container's user.
Status ChownMounts(Context& c);
// devices.cpp: nodes and links below /dev, and what of it needs no ids.
Status PrepareDevices(Context& c);
Status MakeDevices(Context& c);
// paths.cpp: masked and read-only paths, sysctls, the read-only root.
Status ProtectPaths(Context& c);
Status WriteSysctls(Context& c);
Status ReadonlyRoot(Context& c);
// identity.cpp: user, groups, HOME, the extended passwd file.
Status ResolveIdentity(Context& c);
// terminal.cpp: a session of its own and a controlling terminal in the container's own devpts; /dev/console.
Status SetupTerminal(Context& c);
Status BindConsole(Context& c);
// process.cpp: pivot_root, working directory, limits, exec.
Status EnterRoot(Context& c);
Status EnterCwd(Context& c);
Status SetLimits(Context& c);
Status SetOomScore(Context& c);
Error Execute(Context& c);
// process.cpp: what exec would say of a missing program, while it can still be told.
Status CheckProgram(Context& c);
// security.cpp: keyring, no_new_privs, ids, capabilities; the filter, of which `sync` is told.
Status SetLabels(Context& c);
Status JoinKeyring(Context& c);
Status DropPrivileges(Context& c);
Status InstallSeccomp(Context& c, const SyncSocket& sync);
// landlock.cpp: the rules, whose paths are found below the root.
Status ApplyLandlock(Context& c);

// copyup.cpp: copies the contents of a directory, owners, modes, times and xattrs included.
Status CopyTree(int from_dir, int to_dir, const std::string& what);

}  // namespace ctool::runtime::init
