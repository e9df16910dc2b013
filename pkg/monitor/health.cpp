// SPDX-License-Identifier: Apache-2.0
#include "monitor/health.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "monitor/events.hpp"
#include "monitor/group.hpp"
#include "monitor/json_internal.hpp"
#include "monitor/recorder.hpp"
#include "monitor/streams.hpp"
#include "runtime/launch.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"
#include "sys/process_tree.hpp"
#include "sys/syscalls.hpp"

namespace ctool::monitor {
namespace {

constexpr auto kCheckFields = [](auto& o, const auto& field) {
  field("start", o.start);
  field("end", o.end);
  field("exitCode", o.exit_code);
  field("output", o.output);
};

constexpr auto kStateFields = [](auto& o, const auto& field) {
  field("status", o.status);
  field("failingStreak", o.failing_streak);
  field("log", o.log, kCheckFields);
};

// Exit statuses of the child that checks.
constexpr int kPassed = 0, kFailed = 1, kUnhealthy = 2;

struct Running {
  sys::Child process;
  Streams streams;
};

Result<Running> Start(const Config& config, int container) {
  runtime::InitPlan plan =
      TRY(runtime::BuildPlan(TRY(spec::RuntimeSpec::Parse(TRY(sys::ReadFile(config.health.process, 8 << 20))))));
  plan.keeps_orphans = true;
  Pipes pipes = TRY(MakePipes(false, false));
  const sys::Fd group = OpenGroup(config.run_dir);
  runtime::Launch launch = TRY(runtime::Launch::Join(
      container, std::move(plan), {pipes.in.get(), pipes.out.get(), pipes.err.get()}, {}, group.get()));
  TRY(launch.AwaitReady([](pid_t, const runtime::FuseMount&) -> Status {
    return Error(Code::kInternal, "a health check mounts nothing");
  }));
  TRY(launch.Exec([&config](sys::Fd listener) { return RecordSession(config.run_dir, std::move(listener)); }));
  return Running{std::move(launch).TakeChild(), std::move(pipes.ours)};
}

std::string Seconds(int64_t nanos) {
  std::array<char, 32> text;
  const int n = std::snprintf(text.data(), text.size(), "%gs", static_cast<double>(nanos) / 1e9);
  return std::string(text.data(), static_cast<size_t>(n));
}

// What it has written, the first `limit` bytes of it.
void Collect(sys::Fd& from, std::string& output, size_t limit) {
  std::array<char, 4096> chunk;
  const ssize_t n = ::read(from.get(), chunk.data(), chunk.size());
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) from.Reset();
  else if (output.size() < limit) output.append(chunk.data(), std::min(static_cast<size_t>(n), limit - output.size()));
}

// Runs one to its end, or to the end of its time.
Result<int> Await(Running& running, const HealthConfig& health, std::string& output) {
  const size_t limit = health.max_log_size == 0 ? SIZE_MAX : static_cast<size_t>(health.max_log_size);
  const int64_t deadline = MonotonicNanos() + health.timeout_ns;
  for (bool ended = false; !ended;) {
    std::array<pollfd, 3> polled = {{{running.process.pidfd(), POLLIN, 0},
                                     {running.streams.out.get(), POLLIN, 0},
                                     {running.streams.err.get(), POLLIN, 0}}};
    const int64_t left_ms = (deadline - MonotonicNanos()) / 1'000'000 + 1;
    if (::poll(polled.data(), polled.size(), static_cast<int>(std::clamp<int64_t>(left_ms, 0, 1 << 30))) < 0 && errno != EINTR)
      return Error::Sys(errno, "poll");
    if (MonotonicNanos() >= deadline) {
      const Status killed = sys::KillTree(std::move(running.process));
      if (!killed.ok()) Debug(killed.error().Message());
      output = "Healthcheck command exceeded timeout of " + Seconds(health.timeout_ns);
      return -1;
    }
    if (polled[1].revents != 0) Collect(running.streams.out, output, limit);
    if (polled[2].revents != 0) Collect(running.streams.err, output, limit);
    ended = polled[0].revents != 0 && polled[1].revents == 0 && polled[2].revents == 0;
  }
  return TRY(running.process.Wait()).code;
}

HealthState::Check CheckOnce(const Config& config, int container) {
  HealthState::Check check;
  check.start = WallNanos();
  const auto run = [&]() -> Result<int> {
    Running running = TRY(Start(config, container));
    return Await(running, config.health, check.output);
  };
  const Result<int> code = run();
  check.exit_code = code.ok() ? *code : code.error().code() == Code::kNoCommand ? 127 : 126;
  if (!code.ok()) check.output = code.error().Message();
  check.end = WallNanos();
  return check;
}

// podman's rules: one success makes healthy; `retries` failures in a row make unhealthy, those of the start period
// not counted.
void Apply(const HealthConfig& health, HealthState::Check check, bool starting_up, HealthState& state) {
  if (check.exit_code == 0) {
    state.status = "healthy";
    state.failing_streak = 0;
  } else if (!starting_up) {
    ++state.failing_streak;
    if (state.failing_streak >= health.retries) state.status = "unhealthy";
  }
  state.log.push_back(std::move(check));
  while (health.max_log_count > 0 && state.log.size() > static_cast<size_t>(health.max_log_count)) state.log.erase(state.log.begin());
}

// Whether the container is gone, with the check. Its first process ends only after all others, of which the check was
// one: a check that was killed looks again for a moment.
bool HasEnded(int container, int check_exit_code) {
  constexpr int kMillis = 200;
  pollfd polled{container, POLLIN, 0};
  return ::poll(&polled, 1, check_exit_code == 128 + SIGKILL ? kMillis : 0) > 0;
}

Result<int> CheckAndRecord(const Config& config, int container, int64_t began_ns, const runtime::SyncSocket& client) {
  // A check by hand and one of the timer's come one after the other.
  const sys::FileLock lock = TRY(sys::FileLock::Acquire(config.run_dir + "/health.lock", sys::FileLock::Mode::kExclusive));
  HealthState::Check check = CheckOnce(config, container);
  if (HasEnded(container, check.exit_code)) return kFailed;
  const bool passed = check.exit_code == 0;
  HealthState state;
  const Result<std::string> before = sys::ReadFile(HealthFile(config.run_dir));
  if (before.ok()) state = TRY(HealthState::Parse(*before));
  Apply(config.health, std::move(check), MonotonicNanos() - began_ns < config.health.start_period_ns, state);
  TRY(sys::WriteFileAtomic(HealthFile(config.run_dir), state.Print(), 0600, sys::Durability::kNone));
  TellHealth(config, state.status);
  if (client) TRY(client.Send(runtime::Msg::kExited, runtime::Stage::kExec, (passed ? "0 " : "1 ") + state.status));
  return passed ? kPassed : state.status == "unhealthy" ? kUnhealthy : kFailed;
}

}  // namespace

std::string HealthFile(const std::string& run_dir) { return run_dir + "/health.json"; }

void Health::Begin() {
  began_ns_ = due_ns_ = 0;
  if (!exists()) return;
  began_ns_ = MonotonicNanos();
  due_ns_ = config_.health.interval_ns == 0 ? 0 : began_ns_;
  const Status written = sys::WriteFileAtomic(HealthFile(config_.run_dir), HealthState().Print(), 0600, sys::Durability::kNone);
  if (!written.ok()) Debug(written.error().Message());
}

void Health::Adapt() {
  if (exists() && began_ns_ == 0) return Begin();
  due_ns_ = 0;
  if (exists()) return Schedule();
  began_ns_ = 0;
  const Status removed = sys::RemoveTree(HealthFile(config_.run_dir));
  if (!removed.ok()) Debug(removed.error().Message());
}

void Health::Schedule() {
  if (exists() && config_.health.interval_ns != 0) due_ns_ = MonotonicNanos() + config_.health.interval_ns;
}

Result<sys::Child> Health::Check(const sys::Child& container, const runtime::SyncSocket& client) {
  due_ns_ = client ? due_ns_ : 0;
  const int pidfd = container.pidfd();
  sys::Child child = TRY(sys::Child::Clone(0));
  if (!child.in_child()) return child;
  KeepOnly({pidfd, client.fd()});
  const Result<int> code = CheckAndRecord(config_, pidfd, began_ns_, client);
  ::_exit(code.ok() ? *code : kFailed);
}

HealthAction Health::ActionOf(const sys::ExitStatus& check) const {
  const std::string& wanted = config_.health.on_failure;
  if (check.signal != 0 || check.code != kUnhealthy) return HealthAction::kNone;
  if (wanted == "kill") return HealthAction::kKill;
  if (wanted == "stop") return HealthAction::kStop;
  return wanted == "restart" ? HealthAction::kRestart : HealthAction::kNone;
}

Result<HealthState> HealthState::Parse(std::string_view bytes) { return ParseObject<HealthState>(bytes, "health.json", kStateFields); }

std::string HealthState::Print() const { return PrintObject(*this, kStateFields); }

}  // namespace ctool::monitor
