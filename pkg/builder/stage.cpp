// SPDX-License-Identifier: Apache-2.0
#include "builder/stage.hpp"

#include <algorithm>
#include <chrono>

#include "builder/stage_builder_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::builder {

Stages::Stages(Session& of, const build::Containerfile& in, const Graph& from, GivenContexts names,
               std::map<std::string, std::unique_ptr<SourceTree>> trees, build::GlobalScope variables, spec::Platform target)
    : session(of), file(in), graph(from), given(std::move(names)), contexts(std::move(trees)), scope(std::move(variables)),
      platform(std::move(target)), results_(in.stages.size()) {}

Result<const StageState*> Stages::Await(size_t stage) {
  std::unique_lock lock(mutex_);
  if (begun_.insert(stage).second) {
    lock.unlock();
    RunOne(stage);
    lock.lock();
  }
  // A signal, or the failure of a third one, may come before that one has even begun.
  constexpr auto kLook = std::chrono::milliseconds(200);
  while (!finished_.wait_for(lock, kLook, [&] { return results_[stage].has_value(); })) TRY(session.GoOn());
  if (!results_[stage]->ok()) return results_[stage]->error();
  return &**results_[stage];
}

void Stages::Fail(Error error) {
  const std::lock_guard lock(mutex_);
  // The others end because of it: theirs are no causes.
  if (!first_error_) first_error_ = std::move(error);
  session.interrupt.Stop();
}

void Stages::RunOne(size_t stage) {
  Result<StageState> result = StageBuilder(*this, stage).Run();
  session.output.Finish(stage);
  if (!result.ok()) Fail(result.error());
  const std::lock_guard lock(mutex_);
  results_[stage].emplace(std::move(result));
  finished_.notify_all();
}

void Stages::InBackground(std::function<void()> work) {
  Result<std::thread> thread = sys::StartThread(work);
  if (!thread.ok()) return work();
  const std::lock_guard lock(mutex_);
  background_.push_back(std::move(*thread));
}

Result<StageState> Stages::Build() {
  std::vector<std::thread> threads;
  Status started = Ok();
  begun_.insert(graph.needed.begin(), graph.needed.end());
  for (size_t stage = 0; stage < graph.target; ++stage)
    if (begun_.count(stage) == 0) session.output.Finish(stage);
  // A thread a stage: most of them wait for another stage, or for a slot.
  for (size_t i = 1; i < graph.needed.size() && started.ok(); ++i) {
    Result<std::thread> thread = sys::StartThread([this, stage = graph.needed[i]] { RunOne(stage); });
    if (thread.ok()) threads.push_back(std::move(*thread));
    else started = thread.error();
  }
  if (started.ok()) RunOne(graph.needed[0]);
  else session.interrupt.Stop();
  for (std::thread& thread : threads) thread.join();
  for (std::thread& thread : background_) thread.join();
  TRY(std::move(started));
  if (first_error_) return *first_error_;
  return std::move(*results_[graph.target]);
}

}  // namespace ctool::builder
