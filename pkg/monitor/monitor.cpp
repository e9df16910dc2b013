// SPDX-License-Identifier: Apache-2.0
#include "monitor/monitor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "monitor/bridge.hpp"
#include "monitor/config.hpp"
#include "monitor/control.hpp"
#include "monitor/events.hpp"
#include "monitor/group.hpp"
#include "monitor/health.hpp"
#include "monitor/hold.hpp"
#include "monitor/memory.hpp"
#include "monitor/network.hpp"
#include "monitor/notify.hpp"
#include "monitor/others.hpp"
#include "monitor/recorder.hpp"
#include "monitor/relay.hpp"
#include "monitor/sandbox.hpp"
#include "monitor/session.hpp"
#include "monitor/stop_mark.hpp"
#include "monitor/streams.hpp"
#include "runtime/launch.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::monitor {
namespace {

using runtime::Msg;
using runtime::Stage;

// What is there before the bundle: init in its namespaces, waiting.
struct Prepared {
  Streams streams;
  runtime::Launch launch;
  std::optional<runtime::MappedOverlay> overlay;  // of a container with a map of its own
};

// A container that has been started, and everything that lives as long as it does.
struct Running {
  sys::Child container;
  Streams streams;
  std::optional<Network> network;
  std::optional<Bridge> bridge;
  bool has_input = false;  // of the command that started it
  bool tied = false;       // it ends with that command
  // Its mount namespace, so that taking the mounts down is not a part of the container's exit but ours, when nobody
  // waits any more.
  sys::Fd mounts;
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
  return sys::WriteFileAtomic(config.run_dir + "/status", status.Print(), 0600, sys::Durability::kNone);
}

// For `inspect`, which shows the environment with it.
void NoteHome(const Config& config, const std::string& home) {
  if (home.empty()) return;
  const Status noted = sys::WriteFileAtomic(HomeFile(config.run_dir), home, 0600, sys::Durability::kNone);
  if (!noted.ok()) Debug(noted.error().Message());
}

// What a command asked for. The lock is only held: it is free when the monitor is gone.
struct Order {
  Sandbox sandbox;
  std::vector<sys::Fd> origins;  // whose namespaces it shares
  std::vector<sys::Fd> files;  // the container's streams, if they are passed through; then what it gets as 3, 4, ...
  std::string bundle;
  sys::Fd lock;
  Config config;
  ContainerGroup group;
  std::optional<Recorder> recorder;
};

Result<Prepared> Prepare(Order& order) {
  const Sandbox& sandbox = order.sandbox;
  Pipes pipes = TRY(sandbox.passthrough ? PassThrough(order.files) : MakePipes(sandbox.terminal, sandbox.keep_stdin));
  std::vector<int> preserved;
  for (size_t i = sandbox.passthrough ? 3 : 0; i < order.files.size(); ++i) preserved.push_back(order.files[i].get());
  runtime::Origin origin;
  for (size_t i = 0; i < order.origins.size(); ++i) origin.parts.push_back({order.origins[i].get(), sandbox.joined[i].types});
  const auto start = [&]() {
    return runtime::Launch::Start(sandbox.namespaces, !sandbox.joined.empty() ? sandbox.below : sandbox.map, origin,
                                  {pipes.in.get(), pipes.out.get(), pipes.err.get()}, preserved, {order.group.fd(), order.group.wanted()});
  };
  Result<runtime::Launch> started = start();
  if (!started.ok() && order.group.fd() >= 0) {
    order.group.CloneFailed(std::move(started).error());
    started = start();
  }
  runtime::Launch launch = TRY(std::move(started));
  order.group.Cloned(launch.pid());
  std::optional<runtime::MappedOverlay> overlay;
  if (!sandbox.store.uids.empty()) overlay = TRY(runtime::MappedOverlay::Start(sandbox.store));
  return Prepared{std::move(pipes.ours), std::move(launch), std::move(overlay)};
}

// `command` lets the container go, or another in its place; without one (a restart) it starts at once. `stage` is where a
// failure was.
Result<Running> Start(Prepared prepared, Order& order, runtime::SyncSocket* command, Stage& stage) {
  runtime::Launch& launch = prepared.launch;
  const Config& config = order.config;
  stage = Stage::kPlan;
  TRY(launch.Configure(order.bundle));
  TRY(WriteStatus(config, launch.pid()));
  stage = Stage::kIdMap;
  TRY(launch.AwaitIdMap());
  if (!order.sandbox.store.uids.empty()) TRY(launch.AwaitForeignIds());
  // Before the network's processes are there, which go with us.
  stage = Stage::kPlan;
  TRY(order.group.Settle(config, launch.pid()));
  if (order.group.wanted()) TRY(launch.EnterGroup());
  // Init mounts while the network comes up.
  stage = Stage::kNetwork;
  std::optional<Network> network;
  if (!order.sandbox.network.name.empty())
    network = TRY(Network::Start(order.sandbox.network, launch, config.ports));
  std::optional<Bridge> bridge;
  if (!order.sandbox.netavark.program.empty()) bridge = TRY(Bridge::Start(order.sandbox, config, order.origins.front().get(), launch.pid()));
  const Status ready = launch.AwaitReady([&](pid_t init, const runtime::FuseMount& mount) {
    if (mount.device && prepared.overlay) return prepared.overlay->Serve(config.fuse_overlayfs, mount);
    return runtime::StartFuseOverlay(config.fuse_overlayfs, init, mount);
  });
  stage = launch.stage();
  if (!ready.ok()) return ready.error();
  NoteHome(config, launch.home());
  stage = Stage::kNetwork;
  if (network) TRY(network->AwaitReady());
  if (bridge) TRY(bridge->AwaitReady(config));
  stage = Stage::kExec;
  prepared.streams.terminal = launch.TakeConsole();
  Word word;
  if (command != nullptr) word = TRY(AwaitWord(*command, prepared.streams.terminal.get()));
  if (word.hold) word = TRY(Hold(config.run_dir, launch.pidfd(), prepared.streams.terminal.get(), *command));
  TRY(WritePidFile(config.pid_file, launch.pid()));
  TRY(WritePidFile(config.monitor_pid_file, ::getpid()));
  Result<sys::Fd> mounts = sys::Open("/proc/" + std::to_string(launch.pid()) + "/ns/mnt", O_RDONLY);
  const auto listen = [&](sys::Fd listener) -> Status {
    if (!order.recorder) return Error(Code::kInternal, "nobody answers the seccomp filter");
    return order.recorder->Listen(std::move(listener), launch.pidfd());
  };
  TRY(launch.Exec(listen));
  TellSystemd(config);
  TellStarted(config, command == nullptr, word.attached);
  return Running{std::move(launch).TakeChild(), std::move(prepared.streams), std::move(network), std::move(bridge), word.has_input, word.tied,
                 mounts.ok() ? std::move(mounts).value() : sys::Fd()};
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

// What `update` changes of a container that runs.
void Refresh(const std::string& bundle, Config& config) {
  const auto read = [&]() -> Result<Config> { return Config::Parse(TRY(sys::ReadFile(bundle + "/monitor.json"))); };
  Result<Config> now = read();
  if (!now.ok()) return Debug(now.error().Message());
  config.network.address = std::move(now->network.address);
  config.restart_policy = std::move(now->restart_policy);
  config.restart_retries = now->restart_retries;
  config.health = std::move(now->health);
}

bool MayRestart(const Config& config) {
  return (!config.restart_policy.empty() && config.restart_policy != "no") || config.health.on_failure == "restart";
}

// RUN_DIR/stop: somebody wants it to end.
bool WantsRestart(const Config& config, const Relay::Outcome& outcome, int64_t restarts) {
  if (outcome.timed_out || sys::Exists(StopFile(config.run_dir))) return false;
  if (outcome.restart) return true;
  if (config.restart_policy == "always" || config.restart_policy == "unless-stopped") return true;
  return config.restart_policy == "on-failure" && !outcome.status.ok() &&
         (config.restart_retries == 0 || restarts < config.restart_retries);
}

// Longer each time, unless the container had been up for a while. Ends early when it is to stop.
void BackOff(const Config& config, int64_t ran_ns, int64_t& delay_ms) {
  constexpr int64_t kLongEnough = 10'000'000'000, kFirst = 100, kMost = 60'000;
  delay_ms = ran_ns > kLongEnough || delay_ms == 0 ? kFirst : std::min(delay_ms * 2, kMost);
  for (int64_t waited = 0; waited < delay_ms && !sys::Exists(StopFile(config.run_dir)); waited += 50)
    ::poll(nullptr, 0, 50);
}

ExitRecord RunToTheEnd(Order& order, Running& running, Relay& relay) {
  Config& config = order.config;
  ExitRecord record;
  for (int64_t delay_ms = 0;;) {
    const int64_t began = MonotonicNanos();
    const int64_t deadline = config.timeout_seconds == 0 ? 0 : began + config.timeout_seconds * 1'000'000'000;
    const Result<Relay::Outcome> outcome = relay.Run(running.container, std::move(running.streams), deadline);
    record.code = !outcome.ok() ? 255 : outcome->timed_out ? -1 : outcome->status.code;
    record.timed_out = outcome.ok() && outcome->timed_out;
    // The kernel ends what is in a pid namespace with its first process.
    if ((order.sandbox.namespaces & CLONE_NEWPID) == 0) EndOthers(running.mounts.get());
    record.finished = WallNanos();
    record.oom_killed = order.group.OomKilled();
    TellDied(config, record.code);
    if (order.recorder) {
      const Status recorded = order.recorder->Finish();
      if (!recorded.ok()) relay.Say(recorded.error().Message());
    }
    if (!config.fuse_overlayfs.empty()) runtime::EndFuseDaemons();
    Refresh(order.bundle, config);
    if (!outcome.ok() || !WantsRestart(config, *outcome, record.restarts)) return record;
    // `wait` is told of the first end.
    const Status noted = sys::WriteFileAtomic(config.run_dir + "/ended", record.Print(), 0600, sys::Durability::kNone);
    if (!noted.ok()) Debug(noted.error().Message());
    relay.LetGo(record.code);
    running.network.reset();
    if (running.bridge) running.bridge->End(Bridge::Leases::kKeep);
    running.mounts.Reset();
    BackOff(config, MonotonicNanos() - began, delay_ms);
    if (sys::Exists(StopFile(config.run_dir))) return record;
    ++record.restarts;
    // Nobody has stopped the new process.
    const Status resumed = sys::RemoveTree(PausedFile(config.run_dir));
    if (!resumed.ok()) Debug(resumed.error().Message());
    Stage stage = Stage::kPlan;
    const auto again = [&]() -> Result<Running> {
      order.group.Renew();
      return Start(TRY(Prepare(order)), order, nullptr, stage);
    };
    Result<Running> started = again();
    if (!started.ok()) {
      record.code = started.error().code() == Code::kNoCommand ? 127 : 126;
      return record;
    }
    running.bridge.reset();
    running = std::move(started).value();
  }
}

void DeleteFolders(const std::string& list, const userns::IdMap& map) {
  for (size_t at = 0, end; (end = list.find('\0', at)) != std::string::npos; at = end + 1) {
    const Status deleted = userns::RemoveTree(list.substr(at, end - at), [&] { return Result<userns::IdMap>(map); });
    if (!deleted.ok()) Debug(deleted.error().Message());  // swept up by a later command
  }
}

}  // namespace

int Supervise(runtime::SyncSocket command) {
  ::signal(SIGPIPE, SIG_IGN);
  // No folder of the caller's is kept busy for as long as the container lives.
  if (::chdir("/") < 0) Debug(Error::Sys(errno, "chdir to /").Message());
  Stage stage = Stage::kPlan;
  Order order;
  Log log;
  const auto begin = [&]() -> Result<Running> {
    runtime::Frame frame;
    TRY(Expect(command, frame, Msg::kSandbox));
    order.sandbox = TRY(Sandbox::Parse(frame.payload));
    order.origins = TRY(ReceiveFiles(command, static_cast<int64_t>(order.sandbox.joined.size())));
    order.files = TRY(ReceiveFiles(command, order.sandbox.files));
    order.group = ContainerGroup::Begin(order.sandbox.group);
    stage = Stage::kClone;
    Prepared prepared = TRY(Prepare(order));
    stage = Stage::kPlan;
    TRY(Expect(command, frame, Msg::kBundle));
    order.bundle = frame.payload;
    order.lock = std::move(frame.fd);
    order.config = TRY(Config::Parse(TRY(sys::ReadFile(order.bundle + "/monitor.json"))));
    log = TRY(Log::Open(order.config));
    if (!order.config.record.empty()) order.recorder = TRY(Recorder::Begin(order.config.run_dir, order.config.record));
    return Start(std::move(prepared), order, &command, stage);
  };
  Result<Running> running = begin();
  if (!running.ok()) {
    order.group.End();
    // A command that is gone can't be told, and has left nothing that would be half made.
    const Status told = command.SendError(stage, running.error());
    return told.ok() ? 125 : 124;
  }
  // Without it the container runs, and nobody can be attached to it or execute anything in it by us.
  Result<sys::Fd> listening = ListenControl(order.config.run_dir);
  if (!listening.ok()) Warn(listening.error().Message());
  const sys::Fd control = listening.ok() ? std::move(listening).value() : sys::Fd();
  const Status told = command.Send(Msg::kStarted, Stage::kExec, std::to_string(running->container.pid()),
                                   running->container.pidfd());
  LetGoOfStderr();
  // Nobody else keeps them open when the container has closed them.
  if (!MayRestart(order.config)) order.files.clear();
  GiveBackMemory();

  Health health(order.config);
  const auto execute = [&](runtime::SyncSocket client, runtime::Frame frame) {
    return ForkSession(std::move(client), std::move(frame), order.config);
  };
  const auto refresh = [&] {
    Refresh(order.bundle, order.config);
    health.Adapt();
  };
  Relay relay(std::move(log), told.ok() ? std::move(command) : runtime::SyncSocket(), running->has_input,
              {control.get(), execute, &health, refresh, order.config.run_dir,
               order.config.stop_signal, order.config.stop_timeout_seconds});
  if (running->tied) relay.TieToStarter();
  const ExitRecord record = RunToTheEnd(order, *running, relay);
  if (running->network) running->network->End();
  if (running->bridge) running->bridge->ClosePorts();
  // Without it the next command finds the process gone and says so: nothing more can be done here.
  const auto write = [&] {
    const Status written = sys::WriteFileAtomic(order.config.exit_file, record.Print(), 0600, sys::Durability::kNone);
    if (!written.ok()) Debug(written.error().Message());
  };
  // What only the file says is to be there when the command returns.
  if (record.oom_killed) write();
  relay.SendExit(record.code);
  if (!record.oom_killed) write();
  std::string folders;
  RemoveControl(order.config.run_dir);
  running->mounts.Reset();
  order.group.End();
  if (running->bridge) running->bridge->End();
  bool tidy = false;
  const bool done = relay.AwaitDone(folders, tidy);
  // The others: what they look at next is true by now.
  relay.LetGo(record.code);
  DeleteFolders(folders, order.sandbox.store.uids.empty() ? order.sandbox.map : order.sandbox.store);
  // What is tied has no record, and nobody who would come back for it: what it wrote goes with it.
  if (running->tied) {
    const std::string folder = order.config.exit_file.substr(0, order.config.exit_file.rfind('/'));
    if (!done) DeleteFolders(order.config.run_dir + '\0' + folder + '\0', order.sandbox.map);
    return 0;
  }
  // Who stopped it waits for our end and puts the record right then: a second program would only be in the way.
  if (tidy || (!done && !SomebodyWaits(order.config.run_dir))) RunCleanup(order.config);
  return 0;
}

}  // namespace ctool::monitor
