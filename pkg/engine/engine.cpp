// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.hpp"

#include <unistd.h>

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
  if (create) {
    const sys::Fd run_root = TRY(sys::OpenPrivateDir(TRY(Paths())->run_root));
    TRY(sys::MakeDirs(dir, 0700));
  }
  return dir;
}

Result<std::string> Engine::Program(const std::string& name) {
  const std::string path = TRY(Paths())->libexec + "/" + name;
  if (::access(path.c_str(), X_OK) < 0)
    return Error::Sys(errno, "find program", path).Hint("the installation is incomplete");
  return path;
}

Result<std::vector<std::string>> Engine::GlobalArguments() {
  const config::Paths& paths = *TRY(Paths());
  return std::vector<std::string>{"--root", paths.graph_root, "--runroot", paths.run_root};
}

}  // namespace ctool::engine
