// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "monitor/config.hpp"

namespace ctool::engine {

// Files of a container's folder in the store, which is also its OCI bundle.
struct ContainerFiles {
  explicit ContainerFiles(std::string dir) : folder(std::move(dir)) {}
  std::string folder;
  std::string Upper() const { return folder + "/upper"; }
  std::string Work() const { return folder + "/work"; }
  std::string Merged() const { return folder + "/merged"; }  // where init mounts the root
  std::string Rootfs() const { return folder + "/rootfs"; }  // a plain copy, where no overlay works
  std::string Lock() const { return folder + "/lock"; }      // held by whoever runs the container
  std::string Exit() const { return folder + "/exit"; }
  std::string Log() const { return folder + "/ctr.log"; }
};

// Writes everything that the monitor reads: config.json, monitor.json, the seccomp filter, hosts,
// hostname, resolv.conf. Done at every start, so that a changed resolver, id range or binary counts.
Status WriteBundle(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files,
                   const std::string& run_dir);

// config.json's content (pure but for the id map and what it finds about the host).
Result<spec::RuntimeSpec> MakeRuntimeSpec(const ContainerSpec& spec, const ContainerFiles& files,
                                          const userns::IdMap& map, const std::string& volumes_dir,
                                          const std::string& init_program);

}  // namespace ctool::engine
