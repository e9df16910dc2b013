// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/frame.hpp"
#include "runtime/init/init.hpp"
#include "runtime/plan.hpp"
#include "sys/child.hpp"
#include "userns/userns.hpp"

namespace ctool::runtime {

// What fuse-overlayfs is to mount. The paths are those of init's mount namespace.
struct FuseMount {
  std::string folder;   // where it is started: the names of the layers begin there
  std::string options;  // lowerdir=... and so on
  std::string target;
  sys::Fd device;       // of a FUSE mount that is there: no target
};

// The control group that init is cloned into.
struct InitGroup {
  int fd = -1;           // of its folder; -1: that of the caller
  bool awaited = false;  // init waits for EnterGroup before it makes its cgroup namespace, whose root its group is then
};

// A container's init between clone and exec, seen from the parent. Destroying it kills init, and
// with it all that init has made: namespaces, mounts, processes.
class Launch {
 public:
  // Clones init into `namespaces` (CLONE_NEW*) and has its id maps written. `stdio` as in InitMain. The caller must
  // be single threaded. Nothing of the bundle is needed yet, which may be written meanwhile. `preserved` become the
  // descriptors 3, 4, ... of the container's process. With an `origin` init is made in namespaces of that process, and
  // `map` says ids of its user namespace.
  static Result<Launch> Start(uint64_t namespaces, const userns::IdMap& map, const Origin& origin, const int (&stdio)[3],
                              const std::vector<int>& preserved, const InitGroup& group = {});

  // A process that joins the namespaces of a running container (`init`, a pidfd; `plan.namespaces` of it), for
  // which AwaitReady comes next. `group`: the folder of the container's control group, if it has one.
  static Result<Launch> Join(int init, InitPlan plan, const int (&stdio)[3], const std::vector<int>& preserved, int group = -1);

  // The bundle is there: init reads its config.json, and waits for the maps.
  Status Configure(const std::string& bundle) { return Tell(Msg::kBundle, Stage::kPlan, bundle); }
  // Waits until the maps are written, with which init goes on.
  Status AwaitIdMap();
  // Init has taken the ids of a map that has the user's own elsewhere than the default one: between that and its being
  // dumpable again nobody gets in through its /proc entry. After AwaitIdMap.
  Status AwaitForeignIds();
  // Init is in its control group. After AwaitIdMap.
  Status EnterGroup() { return Tell(Msg::kGroupDone, Stage::kMounts); }

  // Waits until init has done everything but exec. `mount_fuse` serves init's request for
  // fuse-overlayfs.
  using MountFuse = std::function<Status(pid_t init, const FuseMount& mount)>;
  Status AwaitReady(const MountFuse& mount_fuse);
  // Lets init exec and waits until it has. `listen` gets what answers the questions of its seccomp filter, and must
  // begin to do so.
  using Listen = std::function<Status(sys::Fd listener)>;
  Status Exec(const Listen& listen = nullptr);

  Stage stage() const { return last_; }  // of init's last frame: where a failure was
  pid_t pid() const { return child_.pid(); }
  int pidfd() const { return child_.pidfd(); }
  const std::string& home() const { return home_; }  // HOME by passwd, after AwaitReady; empty when the order had one
  sys::Fd TakeConsole() { return std::move(console_); }  // pty master, after AwaitReady
  sys::Child TakeChild() && { return std::move(child_); }

 private:
  Launch(sys::Child child, SyncSocket sync, std::optional<userns::MapWriter> maps)
      : child_(std::move(child)), sync_(std::move(sync)), maps_(std::move(maps)) {}
  static Result<Launch> Adopt(sys::Child joiner, SyncSocket sync);
  Result<bool> Receive(Frame& frame);
  Error Died();
  Status Tell(Msg msg, Stage stage, std::string_view payload = {});

  sys::Child child_;
  SyncSocket sync_;
  std::optional<userns::MapWriter> maps_;  // none for who joins, and where the maps are written already
  sys::Fd console_;
  std::string home_;
  Stage last_ = Stage::kClone;
};

// A process in a user namespace with the map by which the store's files are owned, which becomes fuse-overlayfs for a
// container with another map. It is made beside the container's init, so that newuidmap works for both at once.
class MappedOverlay {
 public:
  static Result<MappedOverlay> Start(const userns::IdMap& map);
  // Returns once `program` serves `mount.device`. The daemon becomes a child of this process, as StartFuseOverlay's.
  Status Serve(const std::string& program, const FuseMount& mount);

 private:
  MappedOverlay(sys::Child child, SyncSocket sync, userns::MapWriter maps)
      : child_(std::move(child)), sync_(std::move(sync)), maps_(std::move(maps)) {}
  sys::Child child_;
  SyncSocket sync_;
  userns::MapWriter maps_;
};

// Runs fuse-overlayfs (`program`) for `init` and returns once `mount.target`, a shared mount point of
// init's, is mounted. The daemon becomes a child of this process; EndFuseDaemons when the container
// has ended.
Status StartFuseOverlay(const std::string& program, pid_t init, const FuseMount& mount);
void EndFuseDaemons();

}  // namespace ctool::runtime
