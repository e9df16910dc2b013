// SPDX-License-Identifier: Apache-2.0
#include "monitor/monitor.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "monitor/config.hpp"
#include "monitor/network.hpp"
#include "monitor/relay.hpp"
#include "runtime/launch.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::monitor {
namespace {

using runtime::Msg;
using runtime::Stage;

struct Pipes {
  Streams ours;
  sys::Fd in, out, err;  // the container's
};

Result<std::pair<sys::Fd, sys::Fd>> Pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  return std::pair(sys::Fd(ends[0]), sys::Fd(ends[1]));
}

Result<Pipes> MakePipes(const Config& config, bool terminal) {
  Pipes p;
  if (terminal) return p;
  if (config.keep_stdin) {
    std::tie(p.in, p.ours.in) = TRY(Pipe());
  } else {
    p.in = TRY(sys::Open("/dev/null", O_RDONLY));
  }
  std::tie(p.ours.out, p.out) = TRY(Pipe());
  std::tie(p.ours.err, p.err) = TRY(Pipe());
  return p;
}

// A container that has been started, and everything that lives as long as it does.
struct Running {
  sys::Child container;
  Streams streams;
  std::optional<Network> network;
};

Status WritePidFile(const std::string& path, pid_t pid) {
  if (path.empty()) return Ok();
  return sys::WriteFileAtomic(path, std::to_string(pid), 0644, sys::Durability::kNone);
}

Status WriteStatus(const Config& config, pid_t pid) {
  RunStatus status;
  status.pid = pid;
  status.start_time = TRY(sys::ProcessStartTime(pid));
  status.monitor_pid = ::getpid();
  status.monitor_start_time = TRY(sys::ProcessStartTime(status.monitor_pid));
  status.started = WallNanos();
  TRY(sys::WriteFileAtomic(config.run_dir + "/status", status.Print(), 0600, sys::Durability::kNone));
  TRY(WritePidFile(config.pid_file, pid));
  return WritePidFile(config.monitor_pid_file, status.monitor_pid);
}

// The window size, if there is a terminal, comes before the first instruction.
Status AwaitGo(const runtime::SyncSocket& command, int terminal) {
  for (runtime::Frame frame;;) {
    if (!TRY(command.Receive(frame)))
      return Error(Code::kInternal, "the command went away before the container was started");
    if (frame.header.msg == Msg::kGo) return Ok();
    if (frame.header.msg == Msg::kResize) Resize(terminal, frame.payload);
  }
}

// `command` lets the container go; without one (a restart) it starts at once. `stage` is where a
// failure was.
Result<Running> Start(const std::string& bundle, const Config& config,
                      const runtime::SyncSocket* command, Stage& stage) {
  stage = Stage::kPlan;
  const std::string text = TRY(sys::ReadFile(bundle + "/config.json"));
  spec::RuntimeSpec spec = TRY(spec::RuntimeSpec::Parse(text));
  const runtime::InitPlan plan = TRY(runtime::BuildPlan(std::move(spec), config.id));
  Pipes pipes = TRY(MakePipes(config, plan.spec.process.terminal));
  stage = Stage::kClone;
  runtime::Launch launch = TRY(runtime::Launch::Start(
      plan, config.map, {pipes.in.get(), pipes.out.get(), pipes.err.get()}));
  // Init mounts while the network comes up.
  stage = Stage::kNetwork;
  std::optional<Network> network;
  if (!config.slirp_command.empty()) network = TRY(Network::Start(config, launch.pid()));
  Status ready = launch.AwaitReady([&](pid_t init, const std::string& options, const std::string& target) {
    return runtime::StartFuseOverlay(config.fuse_overlayfs, init, options, target);
  });
  stage = launch.stage();
  if (!ready.ok()) return std::move(ready).error();
  stage = Stage::kNetwork;
  if (network) TRY(network->AwaitReady());
  stage = Stage::kExec;
  Streams streams = std::move(pipes.ours);
  streams.terminal = launch.TakeConsole();
  if (command != nullptr) TRY(AwaitGo(*command, streams.terminal.get()));
  TRY(WriteStatus(config, launch.pid()));
  TRY(launch.Exec());
  return Running{std::move(launch).TakeChild(), std::move(streams), std::move(network)};
}

// From now on stderr is nobody's: a caller that captured it must see its end.
void LetGoOfStderr() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    ::dup2(null, STDERR_FILENO);
    ::close(null);
  }
}

void RunCleanup(const Config& config) {
  if (config.cleanup.empty()) return;
  sys::SpawnOptions options;
  options.argv = config.cleanup;
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  options.die_with_parent = false;
  Result<sys::Child> cleanup = sys::Spawn(options);
  // The exit file holds the truth; the next command that meets the record settles it.
  if (cleanup.ok()) std::move(*cleanup).Detach();
}

// RUN_DIR/stop: somebody wants it to end.
bool WantsRestart(const Config& config, const Relay::Outcome& outcome, int64_t restarts) {
  if (outcome.timed_out || sys::Exists(config.run_dir + "/stop")) return false;
  if (config.restart_policy == "always" || config.restart_policy == "unless-stopped") return true;
  return config.restart_policy == "on-failure" && !outcome.status.ok() &&
         (config.restart_retries == 0 || restarts < config.restart_retries);
}

// Longer each time, unless the container had been up for a while. Ends early when it is to stop.
void BackOff(const Config& config, int64_t ran_ns, int64_t& delay_ms) {
  constexpr int64_t kLongEnough = 10'000'000'000, kFirst = 100, kMost = 60'000;
  delay_ms = ran_ns > kLongEnough || delay_ms == 0 ? kFirst : std::min(delay_ms * 2, kMost);
  for (int64_t waited = 0; waited < delay_ms && !sys::Exists(config.run_dir + "/stop"); waited += 50)
    ::poll(nullptr, 0, 50);
}

ExitRecord RunToTheEnd(const std::string& bundle, const Config& config, Running running, Relay& relay) {
  ExitRecord record;
  for (int64_t delay_ms = 0;;) {
    const int64_t began = MonotonicNanos();
    const int64_t deadline = config.timeout_seconds == 0 ? 0 : began + config.timeout_seconds * 1'000'000'000;
    const Result<Relay::Outcome> outcome = relay.Run(running.container, std::move(running.streams), deadline);
    record.code = !outcome.ok() || outcome->timed_out ? 255 : outcome->status.code;
    record.timed_out = outcome.ok() && outcome->timed_out;
    record.finished = WallNanos();
    if (!config.fuse_overlayfs.empty()) runtime::EndFuseDaemons();
    if (!outcome.ok() || !WantsRestart(config, *outcome, record.restarts)) return record;
    relay.LetGo(record.code);
    running.network.reset();
    BackOff(config, MonotonicNanos() - began, delay_ms);
    if (sys::Exists(config.run_dir + "/stop")) return record;
    ++record.restarts;
    Stage stage = Stage::kPlan;
    Result<Running> again = Start(bundle, config, nullptr, stage);
    if (!again.ok()) {
      record.code = again.error().code() == Code::kNoCommand ? 127 : 126;
      return record;
    }
    running = std::move(again).value();
  }
}

}  // namespace

int Supervise(const std::string& bundle, runtime::SyncSocket command) {
  ::signal(SIGPIPE, SIG_IGN);
  // No folder of the caller's is kept busy for as long as the container lives.
  if (::chdir("/") < 0) Debug(Error::Sys(errno, "chdir to /").Message());
  Stage stage = Stage::kPlan;
  const auto begin = [&]() -> Result<std::tuple<Config, Log, Running>> {
    Config config = TRY(Config::Parse(TRY(sys::ReadFile(bundle + "/monitor.json"))));
    Log log = TRY(Log::Open(config.log_path, config.log_max_size));
    Running running = TRY(Start(bundle, config, &command, stage));
    return std::tuple(std::move(config), std::move(log), std::move(running));
  };
  Result<std::tuple<Config, Log, Running>> begun = begin();
  if (!begun.ok()) {
    // A command that is gone can't be told, and has left nothing that would be half made.
    const Status told = command.SendError(stage, begun.error());
    return told.ok() ? 125 : 124;
  }
  auto& [config, log, running] = *begun;
  const Status told = command.Send(Msg::kStarted, Stage::kExec, std::to_string(running.container.pid()),
                                   running.container.pidfd());
  LetGoOfStderr();
  ::malloc_trim(0);

  Relay relay(std::move(log), told.ok() ? std::move(command) : runtime::SyncSocket());
  const ExitRecord record = RunToTheEnd(bundle, config, std::move(running), relay);
  // Without it the next command finds the process gone and says so: nothing more can be done here.
  const Status written =
      sys::WriteFileAtomic(config.exit_file, record.Print(), 0600, sys::Durability::kNone);
  if (!written.ok()) Debug(written.error().Message());
  if (!relay.HandOver(record.code)) RunCleanup(config);
  return 0;
}

}  // namespace ctool::monitor
