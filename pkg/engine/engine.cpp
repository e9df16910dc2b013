// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "events/append.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

Result<const config::Paths*> Engine::Paths() {
  if (!paths_) paths_ = TRY(config::FindPaths(options_.root, options_.run_root));
  return &*paths_;
}

Result<const config::ContainersConf*> Engine::Conf() {
  if (!conf_) conf_ = TRY(config::ContainersConf::Load(*TRY(Paths())));
  return &*conf_;
}

Result<storage::Store*> Engine::Store() {
  if (!store_) store_ = TRY(storage::Store::Open(TRY(Paths())->graph_root));
  return &*store_;
}

Result<state::Database*> Engine::Db() {
  if (!db_) db_ = TRY(state::Database::Open(TRY(Store())->DatabasePath()));
  return &*db_;
}

Result<std::string> Engine::RunDir(const std::string& id, bool create) {
  const std::string dir = TRY(Paths())->run_root + "/" + id;
  if (!create && !sys::Exists(dir)) {
    // Started by a command that had another run root.
    const Result<std::string> noted = sys::ReadFile(TRY(Store())->ContainerPath(id) + "/lock");
    if (noted.ok() && !noted->empty() && sys::Exists(*noted)) return *noted;
  }
  if (create) {
    const Result<sys::Fd> run_root = sys::OpenPrivateDir(TRY(Paths())->run_root);
    if (!run_root.ok())
      return Error(run_root.error()).Hint("set XDG_RUNTIME_DIR to a folder of your own, or give another one with --runroot; see: ctool doctor");
    TRY(sys::MakeDirs(dir, 0700));
  }
  return dir;
}

Result<std::string> Engine::CgroupManager() {
  std::string manager = options_.cgroup_manager.empty() ? TRY(Conf())->cgroup_manager.value_or("") : options_.cgroup_manager;
  if (!manager.empty() && manager != "systemd" && manager != "cgroupfs")
    return Error(Code::kInvalidArgument, "invalid cgroup manager " + Quote(manager) + ": wanted systemd or cgroupfs");
  return manager;
}

Result<std::string> Engine::EventsLog() {
  const std::string backend = options_.events_backend.empty() ? TRY(Conf())->events_logger.value_or("file") : options_.events_backend;
  if (backend == "none") return std::string();
  return TRY(Paths())->run_root + "/" + events::kFileName;
}

Result<std::string> Engine::Program(const std::string& name) {
  const std::string path = TRY(Paths())->libexec + "/" + name;
  if (::access(path.c_str(), X_OK) < 0)
    return Error::Sys(errno, "find program", path).Hint("the installation is incomplete; see: ctool doctor");
  return path;
}

Result<std::vector<std::string>> Engine::GlobalArguments() {
  const config::Paths& paths = *TRY(Paths());
  std::vector<std::string> arguments{"--root", paths.graph_root, "--runroot", paths.run_root};
  if (!options_.events_backend.empty()) arguments.insert(arguments.end(), {"--events-backend", options_.events_backend});
  return arguments;
}

}  // namespace ctool::engine
