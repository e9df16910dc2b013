// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"
#include "spec/image.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {

// A command on layers that are no image yet: RUN of a build. It has no record; its folder in the store is the caller's.
struct Step {
  std::string id;                   // containers/ID is there, and locked by the caller
  CreateOptions options;            // command, environment, limits, network, security: as `run` has them
  spec::ImageDefaults image;        // user, working directory
  std::vector<std::string> layers;  // folders, top first; at least one
  std::vector<ContainerMount> mounts;
  bool again = false;  // a step before it has said what can't be had here
};

// A file in the folder of a step, made once its lock is held: with the lock free again the folder is nobody's.
inline constexpr char kStepMark[] = "step";

// Puts away what dead builds have left: folders of steps in the store, and in memory. Inside the user namespace.
Status SweepSteps(Engine& engine);

// How it has ended.
struct StepEnd {
  int code = 0;             // exit status
  bool oom_killed = false;  // the kernel has ended a process of it for want of memory
};

// Runs it to its end. Its output goes to our standard streams; afterwards containers/ID/upper
// is what it has changed. It ends when we do, in whatever way. `on_started`: the layers' paths are needed no more.
// Errors as `run` has them: kNotFound, kNotExecutable of the command; kUnsupported where no overlay works.
Result<StepEnd> RunStep(Engine& engine, const Step& step, const sys::FileLock& lock, const std::function<void()>& on_started);

}  // namespace ctool::engine
