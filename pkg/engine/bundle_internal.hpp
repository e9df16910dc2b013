// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/container_spec.hpp"
#include "engine/engine.hpp"
#include "monitor/config.hpp"
#include "monitor/sandbox.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// Where a container's files are. What has to outlive a reboot is in its folder in the store; the
// OCI bundle is made anew at every start and is in the run directory, which is in memory.
struct ContainerFiles {
  ContainerFiles(std::string store_folder, std::string run_folder)
      : folder(std::move(store_folder)), bundle(std::move(run_folder)) {}
  std::string folder, bundle;
  std::string Upper() const { return folder + "/upper"; }
  std::string Work() const { return folder + "/work"; }
  std::string Rootfs() const { return folder + "/rootfs"; }  // a plain copy, where no overlay works
  std::string Lock() const { return folder + "/lock"; }      // held by whoever runs the container
  std::string Exit() const { return folder + "/exit"; }
  std::string Log() const { return folder + "/ctr.log"; }
  std::string Merged() const { return bundle + "/merged"; }  // where init mounts the root
};

// Writes everything that the monitor reads: config.json, monitor.json, the seccomp filter, hosts,
// hostname, resolv.conf. Done at every start, so that a changed resolver, id range or binary counts.
Status WriteBundle(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files, const monitor::Sandbox& sandbox);

// Of a container that runs, whose bridge networks have changed: the file stays the same one.
Status RewriteResolvConf(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files);

// What the monitor checks a container's health with. `config` has its namespaces and annotations.
Status PrepareHealth(const ContainerSpec& spec, const ContainerFiles& files, const spec::RuntimeSpec& config, monitor::Config& into);

// A file as the image has it; empty when it has none.
Result<std::string> ReadImageFile(const ContainerSpec& spec, const std::string& path);

// The container's process, without the init program of --init.
spec::RuntimeProcess ProcessOf(const ContainerSpec& spec);
// The namespaces that are the container's own.
void SetNamespaces(const ContainerSpec& spec, spec::RuntimeSpec& out);

// config.json's content (pure but for the id map and what it finds about the host).
Result<spec::RuntimeSpec> MakeRuntimeSpec(const ContainerSpec& spec, const ContainerFiles& files,
                                          const userns::IdMap& map, const std::string& volumes_dir,
                                          const std::string& init_program);

}  // namespace ctool::engine
