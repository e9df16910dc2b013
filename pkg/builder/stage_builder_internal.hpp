// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <set>
#include <string>
#include <vector>

#include "build/expand.hpp"
#include "builder/key.hpp"
#include "builder/overlay.hpp"
#include "builder/run_mounts.hpp"
#include "builder/stage.hpp"
#include "builder/stubs.hpp"

namespace ctool::builder {

// Evaluates the instructions of one stage, one after the other.
class StageBuilder {
 public:
  StageBuilder(Stages& stages, size_t stage);
  StageBuilder(const StageBuilder&) = delete;
  StageBuilder& operator=(const StageBuilder&) = delete;

  Result<StageState> Run();

 private:
  // stage_builder.cpp
  Status Begin();
  Status BeginFromImage(const std::string& name, const std::string& platform);
  Status RunTriggers(const std::vector<std::string>& triggers);
  Status Evaluate(const build::Instruction& instruction);
  Status Step(const build::Instruction& instruction);
  Error Explain(Error error) const;  // what to do when the disk is full
  void Say(const std::string& line) { session_.output.Line(index_, line); }
  void EndStep();
  Status Seal();

  // stage_config.cpp: what changes the configuration alone
  Status Apply(const build::Arg& arg);
  Status Apply(const build::Cmd& cmd);
  Status Apply(const build::Entrypoint& entrypoint);
  Status Apply(const build::Env& env);
  Status Apply(const build::Expose& expose);
  Status Apply(const build::HealthcheckInstruction& check);
  Status Apply(const build::Label& label);
  Status Apply(const build::Maintainer& maintainer);
  Status Apply(const build::OnBuild& trigger);
  Status Apply(const build::Shell& shell);
  Status Apply(const build::StopSignal& signal);
  Status Apply(const build::User& user);
  Status Apply(const build::Volume& volume);
  Status Apply(const build::Workdir& workdir);  // stage_workdir.cpp: makes the folder too
  Status Apply(const build::Copy& copy);        // stage_copy.cpp
  Status Apply(const build::Run& run);          // stage_run.cpp
  // A RUN that is a program, and where it is put.
  struct Program {
    std::string text, place;
  };
  Result<Stubs> Execute(RunRequest request, RunMounts& mounts, const Program& program, const WorkFolder& folder);
  void Note(std::string created_by, std::shared_ptr<Layer> layer = nullptr);
  void NoteInstruction(const std::string& text) { Note("/bin/sh -c #(nop) " + text); }

  Result<std::string> Expand(std::string_view text) const;
  std::vector<std::string> ShellWords() const;
  std::vector<std::string> ArgvOf(const build::Command& command) const;
  // Where a path of the stage leads: from the working directory.
  std::string Absolute(const std::string& path) const;

  // stage_layer.cpp
  Result<bool> UseCached(const std::string& key, const std::string& created_by);
  struct NewLayer {
    WorkFolder folder;
    std::string key, created_by;
    std::string also = {};   // another key that it is found by
    std::string below = {};  // the folder under it; empty: the stage's top
  };
  void AddLayer(NewLayer made);
  struct stat RootBelow(const std::string& folder) const;
  Result<WorkFolder> BeginLayer();  // with what the steps before have written, when all are one layer

  std::string FsKey() const { return state_.fs_key; }

  Stages& stages_;
  Session& session_;
  const build::Stage& source_;
  const size_t index_;  // among the file's stages, which is where its output goes
  StageState state_;
  const build::Instruction* instruction_ = nullptr;  // the present one
  std::optional<WorkFolder> open_;                   // one_layer: what all steps write to
  size_t number_ = 0;  // of the step
  const std::string prefix_;  // of its lines
};

}  // namespace ctool::builder
