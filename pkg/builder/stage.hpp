// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "build/ast.hpp"
#include "build/scope.hpp"
#include "builder/graph.hpp"
#include "builder/layer.hpp"
#include "builder/session.hpp"
#include "spec/image.hpp"

namespace ctool::builder {

// A line of the image's history; when it was made its layer knows.
struct HistoryLine {
  std::string created_by;
  std::shared_ptr<Layer> layer;  // null: it changed the configuration only
};

// A stage as far as it has come.
struct StageState {
  Filesystem fs;
  spec::ImageConfig config;  // without our layers and history
  std::optional<build::StageScope> scope;
  std::string fs_key;     // of all that decides about the files
  std::string state_key;  // and of the configuration: what a step's id is
  bool has_command = false;  // CMD was said in this stage
  std::vector<HistoryLine> history;
};

// What all stages of one build share: the file, who needs whom, and what has come out.
class Stages {
 public:
  Stages(Session& session, const build::Containerfile& file, const Graph& graph, GivenContexts given,
         std::map<std::string, std::unique_ptr<SourceTree>> contexts, build::GlobalScope scope, spec::Platform platform);

  // Builds all that the target needs; stages that don't need each other at the same time. The first failure ends it.
  Result<StageState> Build();
  int exit_code() const { return exit_code_; }  // of the RUN that failed

  // For a stage: waits until another one, which comes before it in the file, is there. One that nobody knew to be needed,
  // because a trigger of a base image asks for it, is built here.
  Result<const StageState*> Await(size_t stage);
  // What went wrong beside the stages: the build ends.
  void Fail(Error error);
  void Failed(int exit_code) { exit_code_ = exit_code; }
  // Work that nothing waits for before the end of the build.
  void InBackground(std::function<void()> work);

  Session& session;
  const build::Containerfile& file;
  const Graph& graph;
  const GivenContexts given;
  const std::map<std::string, std::unique_ptr<SourceTree>> contexts;  // of --build-context
  build::GlobalScope scope;
  const spec::Platform platform;

 private:
  void RunOne(size_t stage);

  std::mutex mutex_;
  std::condition_variable finished_;
  std::set<size_t> begun_;
  std::vector<std::optional<Result<StageState>>> results_;  // one a stage of the file
  std::optional<Error> first_error_;
  std::atomic<int> exit_code_ = 0;
  std::vector<std::thread> background_;
};

}  // namespace ctool::builder
