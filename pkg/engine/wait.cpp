// SPDX-License-Identifier: Apache-2.0
#include "engine/wait.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/health.hpp"
#include "engine/run_state.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::engine {
namespace {

// podman's names; some mean the same here.
constexpr std::array kConditions = {"configured", "created",  "exited",   "healthy",   "initialized", "paused",
                                    "removing",   "running",  "stopped",  "stopping",  "unhealthy",   "unknown"};

struct Wanted {
  bool exit = false;
  std::vector<std::string> states;
};

Result<Wanted> WantedOf(const std::vector<std::string>& conditions) {
  Wanted wanted;
  for (const std::string& condition : conditions) {
    if (std::find(kConditions.begin(), kConditions.end(), condition) == kConditions.end())
      return Error(Code::kInvalidArgument, "unknown container state: " + Printable(condition) + ": invalid argument");
    if (condition == "stopped" || condition == "exited") wanted.exit = true;
    else wanted.states.push_back(condition == "configured" ? "created" : condition);
  }
  wanted.exit |= conditions.empty();
  return wanted;
}

constexpr int64_t kFirstPause = 1'000'000;

// One container that is waited for.
class Waiter {
 public:
  Waiter(Engine& engine, std::string name, const Wanted& wanted, const WaitOptions& options)
      : engine_(engine), name_(std::move(name)), wanted_(wanted), options_(options) {}

  bool Step() {
    if (outcome_) return true;
    Result<std::optional<int>> code = id_.empty() ? Find() : Look();
    if (!code.ok()) outcome_ = std::move(code).error();
    else if (*code) outcome_ = **code;
    return outcome_.has_value();
  }
  Result<int>&& TakeOutcome() { return std::move(*outcome_); }
  int fd() const { return process_.get(); }

  // How long there is nothing to do, unless fd() can be read.
  int64_t Pause() {
    // Nothing but the end of its process can change what is waited for.
    if (process_ && wanted_.states.empty()) return INT64_MAX;
    // It ends, or starts: soon.
    if (!process_ && wanted_.exit) return pause_ = std::min(pause_ * 2, std::min<int64_t>(options_.interval, 50'000'000));
    return options_.interval;
  }

 private:
  using Code = std::optional<int>;

  Result<Code> Find() {
    Result<state::Container> found = FindContainer(engine_, name_);
    if (!found.ok()) {
      if (found.error().code() != ctool::Code::kNotFound) return std::move(found).error();
      if (const std::optional<int> code = TRY(TRY(engine_.Db())->FindExitCode(name_))) return Code(code);
      if (options_.ignore) return Code(-1);
      return std::move(found).error();
    }
    id_ = found->id;
    files_ = TRY(FilesOf(engine_, id_));
    earlier_ = EndedAt();
    return Judge(*found);
  }

  Result<Code> Look() {
    if (process_ && !sys::IsRunning(process_.get())) {
      ended_ = std::move(process_);
      pause_ = kFirstPause;
    }
    if (process_ && wanted_.states.empty()) return Code();
    if (wanted_.exit) {
      if (const std::optional<monitor::ExitRecord> ended = ReadExit(*files_)) return Code(ended->code);
      const std::optional<monitor::ExitRecord> run = LastRun();
      if (run && run->finished != earlier_) return Code(run->code);
    }
    std::optional<state::Container> now = TRY(TRY(engine_.Db())->FindContainer(id_));
    if (now && ended_) NoteEnd(engine_, *now, ended_.get());
    if (now && TRY(Settle(engine_, *now))) return Judge(*now);
    return Gone();
  }

  Result<Code> Judge(const state::Container& now) {
    const bool runs = now.state == state::ContainerState::kRunning;
    if (wanted_.exit && !runs) return Code(now.state == state::ContainerState::kCreated ? 0 : now.exit_code);
    if (Wants(ShownState(engine_, now))) return Code(-1);
    if (runs && (Wants("healthy") || Wants("unhealthy"))) {
      const std::optional<monitor::HealthState> health = TRY(ReadHealth(engine_, id_));
      if (health && Wants(health->status)) return Code(-1);
    }
    if (runs && !process_) {
      if (std::optional<LiveProcess> live = TRY(FindProcess(engine_, id_))) {
        process_ = std::move(live->pidfd);
        ended_.Reset();
      }
    }
    return Code();
  }

  bool Wants(const std::string& state) const {
    return std::find(wanted_.states.begin(), wanted_.states.end(), state) != wanted_.states.end();
  }

  // Who removes a container that has run writes down how it ended.
  Result<Code> Gone() {
    if (Wants("removing")) return Code(-1);
    const std::optional<int> code = TRY(TRY(engine_.Db())->FindExitCode(id_));
    if (wanted_.exit && code) return Code(code);
    if (options_.ignore) return Code(-1);
    return Error(ctool::Code::kNotFound, "container " + id_ + " was removed meanwhile: no such container");
  }

  std::optional<monitor::ExitRecord> LastRun() const { return ReadLastEnd(files_->bundle); }
  int64_t EndedAt() const {
    const std::optional<monitor::ExitRecord> run = LastRun();
    return run ? run->finished : 0;
  }

  Engine& engine_;
  std::string name_, id_;
  const Wanted& wanted_;
  const WaitOptions& options_;
  std::optional<ContainerFiles> files_;
  int64_t earlier_ = 0;  // when the last run had ended before we came
  sys::Fd process_;
  // The one before, until its end is known: a monitor that was killed may hold the lock for a moment longer.
  sys::Fd ended_;
  int64_t pause_ = kFirstPause;
  std::optional<Result<int>> outcome_;
};

void Await(std::vector<Waiter>& all, const std::vector<bool>& over) {
  std::vector<pollfd> polled;
  int64_t pause = INT64_MAX;
  for (size_t i = 0; i < all.size(); ++i) {
    if (over[i]) continue;
    if (all[i].fd() >= 0) polled.push_back({all[i].fd(), POLLIN, 0});
    pause = std::min(pause, all[i].Pause());
  }
  constexpr int64_t kMostMillis = 3'600'000;
  const int64_t millis = pause == INT64_MAX ? kMostMillis : std::min(kMostMillis, std::max<int64_t>(1, pause / 1'000'000));
  ::poll(polled.data(), polled.size(), static_cast<int>(millis));
}

}  // namespace

Status WaitContainers(Engine& engine, const std::vector<std::string>& names, const WaitOptions& options,
                      const std::function<void(Result<int>)>& report) {
  const Wanted wanted = TRY(WantedOf(options.conditions));
  std::vector<Waiter> all;
  all.reserve(names.size());
  for (const std::string& name : names) all.emplace_back(engine, name, wanted, options);
  std::vector<bool> over(all.size(), false);
  for (size_t reported = 0;;) {
    for (size_t i = 0; i < all.size(); ++i) {
      if (over[i]) continue;
      over[i] = all[i].Step();
      if (!over[i] || !options.first_match) continue;
      report(all[i].TakeOutcome());
      return Ok();
    }
    for (; reported < all.size() && over[reported]; ++reported) report(all[reported].TakeOutcome());
    if (reported == all.size()) return Ok();
    Await(all, over);
  }
}

}  // namespace ctool::engine
