// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/containers_conf.hpp"
#include "config/paths.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

struct GlobalOptions {
  std::string root, run_root;  // empty: the defaults
  std::string events_backend = {};  // "file", "journald" (which is the file too), "none"; empty: containers.conf's
  std::string cgroup_manager = {};  // "systemd", "cgroupfs"; empty: containers.conf's, or what is there
};

// What one command works with. Everything is opened when it is first asked for: `--help` touches
// no file, and `ps` no image.
class Engine {
 public:
  explicit Engine(GlobalOptions options) : options_(std::move(options)) {}

  Result<const config::Paths*> Paths();
  Result<const config::ContainersConf*> Conf();
  Result<storage::Store*> Store();
  Result<state::Database*> Db();

  // RUN_ROOT/ID, made if `create`.
  Result<std::string> RunDir(const std::string& id, bool create);
  // What was asked for: "systemd", "cgroupfs", or nothing.
  Result<std::string> CgroupManager();
  // Where events are told; empty: nowhere.
  Result<std::string> EventsLog();
  // A program of ours: ctool-monitor, ctool-images.
  Result<std::string> Program(const std::string& name);
  // "--root X --runroot Y" for programs that we start, so that they mean the same store.
  Result<std::vector<std::string>> GlobalArguments();

 private:
  GlobalOptions options_;
  std::optional<config::Paths> paths_;
  std::optional<config::ContainersConf> conf_;
  std::optional<storage::Store> store_;
  std::optional<state::Database> db_;
};

}  // namespace ctool::engine
