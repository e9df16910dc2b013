// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cgroup/group.hpp"
#include "monitor/config.hpp"
#include "sys/child.hpp"

namespace ctool::monitor {

// The control group that a container gets.
struct GroupOrder {
  std::string manager;  // "systemd", "cgroupfs"; empty: none
  std::string name;     // "libpod-ID"
  std::string parent;   // cgroupfs: the group to make it in
  std::string socket, slice, program;  // systemd: its socket, the scope's slice, and ctool-scope
  bool only_container = false;         // the monitor stays where it is
};

// RUN_DIR/cgroup: the group of the container that runs, or ran last, and what of its limits could not be had.
struct GroupNote {
  std::string path;
  std::vector<std::string> unmet;  // "--memory"
};
std::optional<GroupNote> ReadGroupNote(const std::string& run_dir);

// Removes the group of a container that has ended, if its monitor has not.
void RemoveGroup(const std::string& run_dir);

// For who joins the container: its group, for CLONE_INTO_CGROUP; an empty one where it has none.
sys::Fd OpenGroup(const std::string& run_dir);

// A container's group from before its first process to after its last.
class ContainerGroup {
 public:
  // Before init is cloned. cgroupfs: the group is made. systemd: the program that asks for a scope is started, and gets
  // ready. What fails is told by Settle.
  static ContainerGroup Begin(const GroupOrder& order);
  bool wanted() const { return !order_.manager.empty(); }
  int fd() const { return fd_ ? fd_.get() : -1; }  // to clone init into; -1: it is moved there by Settle
  // The kernel refused that.
  void CloneFailed(Error error);

  // systemd may move init.
  void Cloned(pid_t init);
  // Puts init, and systemd us, where they belong, and applies the limits. What can't be had is one warning, or with
  // config.strict_limits the error. After this nothing of the group is waited for.
  Status Settle(const Config& config, pid_t init);

  // A new one, for the next run: the counters begin anew.
  void Renew();
  bool OomKilled() const { return group_ && group_->OomKills() > 0; }
  void End();

 private:
  Status Place(pid_t init);
  Status AwaitScope(pid_t init);
  void MakeLeaf(const std::string& path);

  GroupOrder order_;
  std::optional<cgroup::Group> group_;  // the container's own
  std::string scope_;                   // systemd's, once it is there
  sys::Fd fd_;
  std::optional<Error> failed_;
  std::optional<sys::Child> asking_;
  sys::Fd pids_, answer_;  // of who asks
};

}  // namespace ctool::monitor
