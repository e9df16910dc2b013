// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "seccomp/record.hpp"
#include "sys/child.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {

// RUN_DIR/record.json: what a profile is written from (seccomp::RecordPlan).
inline std::string RecordPlanFile(const std::string& run_dir) { return run_dir + "/record.json"; }

// --security-opt seccomp=record:FILE, of one run of a container: processes that answer its seccomp filters, one a filter,
// for a session has its own. What they see they share in RUN_DIR/syscalls; the one of the container's own filter
// writes FILE when the container has ended, whether the monitor still lives or not.
class Recorder {
 public:
  // Before the container runs: FILE's folder is held from now on, so that nothing the container does to its path counts.
  static Result<Recorder> Begin(const std::string& run_dir, const std::string& file);
  // Answers `listener` until the container (its init's pidfd) has ended.
  Status Listen(sys::Fd listener, int init);
  // Waits until the profile of the run that has ended is written.
  Status Finish();

 private:
  sys::Fd folder_, plan_, seen_;
  std::string name_;
  std::vector<pid_t> processes_;  // of all runs; one that has ended is reaped when the next run has
  sys::Fd written_;  // end of file: it is; what comes before that is an error's text
};

// Answers a session's filter, if its container is recorded.
Status RecordSession(const std::string& run_dir, sys::Fd listener);

}  // namespace ctool::monitor
