// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "runtime/landlock.hpp"
#include "spec/runtime.hpp"

namespace ctool::runtime {

// Annotations through which a bundle says what runtime-spec has no field for.
inline constexpr char kIdAnnotation[] = "io.ctool.id";  // the container's, for texts and the keyring
inline constexpr char kUserAnnotation[] = "io.ctool.user";  // "name[:group]", looked up in the rootfs
inline constexpr char kGroupAddAnnotation[] = "io.ctool.group-add";  // blank-separated names or gids
inline constexpr char kSeccompAnnotation[] = "io.ctool.seccomp";     // path of a compiled filter
inline constexpr char kListenerAnnotation[] = "io.ctool.seccomp-listener";  // "1": the filter has questions
inline constexpr char kLandlockAnnotation[] = "io.ctool.landlock";  // Landlock::Print
inline constexpr char kCreateCwdAnnotation[] = "io.ctool.create-cwd";  // "1": make a missing cwd
inline constexpr char kPasswdAnnotation[] = "io.ctool.passwd";  // file to write an extended passwd to
inline constexpr char kGroupAnnotation[] = "io.ctool.group";    // the same for group
// Lines for passwd, whose home is looked for in the rootfs: "name:*:uid:gid:gecos:home:/bin/sh".
inline constexpr char kHostUsersAnnotation[] = "io.ctool.host-users";
// The line of an unknown user or group, with $USERNAME, $UID, $GID, $NAME, $HOME; $GROUPNAME, $GID, $USERLIST.
inline constexpr char kPasswdEntryAnnotation[] = "io.ctool.passwd-entry";
inline constexpr char kGroupEntryAnnotation[] = "io.ctool.group-entry";
inline constexpr char kRunRootAnnotation[] = "io.ctool.run-root";  // folder that remembers what was said once
inline constexpr char kOverlayAnnotation[] = "io.ctool.overlay";  // "fuse": don't try the kernel's
// "1": the ids of the image's files on disk are those of another map than the container's; its file system translates.
inline constexpr char kForeignIdsAnnotation[] = "io.ctool.foreign-ids";
inline constexpr char kKeepGroupsAnnotation[] = "run.oci.keep_original_groups";  // "1": the caller's; crun's name for it

// One mount, its options sorted into what the mount API wants.
struct MountPlan {
  enum class Kind {
    kOverlay,     // source: unused; data: lowerdir+, upperdir, workdir
    kBind,        // of a host path
    kFilesystem,  // a new instance of `type`
  };
  Kind kind = Kind::kFilesystem;
  std::string destination, source, type;
  uint64_t attributes = 0;   // MOUNT_ATTR_* to set
  uint64_t propagation = 0;  // MS_PRIVATE, MS_SLAVE, MS_SHARED; 0: as it is
  bool recursive = false;    // rbind, and attributes of all mounts below
  bool copy_up = false;      // fill an empty mount with what the image has there
  bool optional = false;     // a failure is a debug line
  bool own_directory = false;  // a fresh volume takes owner and mode of the mount point
  std::string mark;            // a file that is made when a volume is filled; it is filled only while that is missing
  std::string subpath;         // below `source`, whose links lead nowhere else
  std::string chown;           // "DEV:INODE" of the source: it and what is in it are given to the container's user
  std::string owner;           // "UID:GID:MODE" that the source, a file of ours, gets
  bool recursive_propagation = false;
  bool readonly_later = false;  // once it has been filled
  bool joined = false;         // the tree comes from the container whose IPC namespace is joined
  std::vector<std::string> lower;  // folders of an overlay, top first
  std::vector<std::pair<std::string, std::string>> data;  // file system options
};

// Everything init needs, parsed and checked before anything is mounted.
struct InitPlan {
  spec::RuntimeSpec spec;
  std::vector<MountPlan> mounts;  // the root's first, if it is a mount
  std::string seccomp;            // struct sock_filter[], empty: unconfined
  bool seccomp_listener = false;  // somebody answers its questions
  Landlock landlock;
  uint64_t namespaces = 0;        // CLONE_NEW* to make
  uint64_t joined = 0;            // CLONE_NEW* of another process: those with a path
  std::string session_keyring;    // name of the keyring to join
  bool keeps_orphans = false;     // what it starts stays below it (PR_SET_CHILD_SUBREAPER), for sys::KillTree
  uint64_t bounding = 0, effective = 0, permitted = 0, inheritable = 0, ambient = 0;
};

// kInvalidArgument for what the runtime can't do, with the field named.
Result<InitPlan> BuildPlan(spec::RuntimeSpec spec);

// Options of fstab and of the OCI spec's table of mount options.
Result<MountPlan> PlanMount(const spec::RuntimeMount& mount);

// "CAP_CHOWN", "chown" -> bit number; nothing for an unknown name. And back, for bits that exist.
std::optional<int> CapabilityBit(std::string_view name);
const char* CapabilityName(int bit);
inline constexpr int kLastCapability = 40;  // CAP_CHECKPOINT_RESTORE, Linux 5.9

}  // namespace ctool::runtime
