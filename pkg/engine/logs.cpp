// SPDX-License-Identifier: Apache-2.0
#include "engine/logs.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/log_source_internal.hpp"
#include "engine/settle_internal.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"
#include "sys/watch.hpp"

namespace ctool::engine {
namespace {

// Collects what goes to one of the two outputs, so that it is written in large parts, and in order when both are the
// same file.
class Output {
 public:
  explicit Output(const LogSink& sink) : sink_(sink) {}
  std::string& To(bool is_stderr) {
    if (is_stderr != is_stderr_ || text_.size() >= kEnough) Flush();
    is_stderr_ = is_stderr;
    return text_;
  }
  void Flush() {
    if (!text_.empty() && open_) open_ = sink_(is_stderr_, text_);
    text_.clear();
  }
  bool open() const { return open_; }

 private:
  static constexpr size_t kEnough = 256 << 10;
  const LogSink& sink_;
  std::string text_;
  bool is_stderr_ = false, open_ = true;
};

// One container's entries, made into text.
class Printer {
 public:
  Printer(Output& output, const LogsOptions& options, std::string prefix, size_t number)
      : output_(output), options_(options), prefix_(std::move(prefix)) {
    constexpr std::array kColors = {"\033[37m", "\033[31m", "\033[33m", "\033[34m", "\033[35m", "\033[36m", "\033[32m"};
    if (options.color) color_ = kColors[number % kColors.size()];
  }

  bool Print(const LogEntry& entry) {
    if (!IsWanted(entry)) return output_.open();
    std::string& out = output_.To(entry.is_stderr);
    bool& goes_on = goes_on_[entry.is_stderr];
    out += color_;
    if (!goes_on) {
      out += prefix_;
      if (options_.timestamps) AppendTime(out, entry.time);
    }
    out += entry.text;
    if (!color_.empty()) out += "\033[0m";
    if (!entry.partial) out += '\n';
    goes_on = entry.partial;
    return output_.open();
  }

 private:
  bool IsWanted(const LogEntry& entry) const {
    if (!options_.since && !options_.until) return true;
    const std::optional<int64_t> time = ParseRfc3339(entry.time);
    return time && (!options_.since || *time > *options_.since) && (!options_.until || *time < *options_.until);
  }
  static void AppendTime(std::string& out, std::string_view time) {
    constexpr std::string_view kUtc = "+00:00";
    if (EndsWith(time, kUtc)) out.append(time.substr(0, time.size() - kUtc.size())).append("Z ");
    else out.append(time).append(" ");
  }

  Output& output_;
  const LogsOptions& options_;
  std::string prefix_, color_;
  std::array<bool, 2> goes_on_{};  // in the middle of a line
};

struct Logged {
  state::Container container;
  ContainerSpec spec;
  std::unique_ptr<LogSource> source;
  std::unique_ptr<Printer> printer;
  bool done = false;
  sys::Fd monitor;  // its pidfd, while the container runs

  Result<bool> Read(bool to_end) {
    const EntrySink sink = [this](const LogEntry& entry) { return printer->Print(entry); };
    return to_end ? source->ReadToEnd(sink) : source->Read(sink);
  }
};

Result<Logged> Find(Engine& engine, const std::string& name_or_id) {
  Logged logged;
  logged.container = TRY(FindContainer(engine, name_or_id));
  logged.spec = TRY(ContainerSpec::Parse(logged.container.spec));
  const std::string& driver = logged.spec.log_driver;
  if (driver == "none")
    return Error(Code::kUnsupported,
                 "this container is using the 'none' log driver, cannot read logs: this container is not logging output");
  if (PassesStreams(driver))
    return Error(Code::kUnsupported, "this container is using the '" + driver + "' log driver, cannot read logs: this container is not logging output");
  return logged;
}

Status Open(Logged& logged, const LogsOptions& options, Output& output, bool several, size_t number) {
  const state::Container& c = logged.container;
  std::string prefix;
  if (several) prefix = (options.names ? c.name : c.id.substr(0, 12)) + " ";
  logged.printer = std::make_unique<Printer>(output, options, prefix, number);
  const bool follow = options.follow && c.state == state::ContainerState::kRunning;
  if (logged.spec.log_driver == "journald")
    logged.source = TRY(JournalSource::Open(c.id, options.tail, follow));
  else
    logged.source = TRY(FileSource::Open(logged.spec.log_path, options.tail));
  return Ok();
}

// Its output is all in the log: the monitor has said how it ended, or is not there any more.
Result<bool> HasEnded(Engine& engine, Logged& logged) {
  const ContainerFiles files = TRY(FilesOf(engine, logged.container.id));
  if (sys::Exists(files.Exit()) || !sys::Exists(files.folder)) return true;
  if (!logged.monitor) {
    const Result<std::string> text = sys::ReadFile(files.bundle + "/status");
    const Result<monitor::RunStatus> status = text.ok() ? monitor::RunStatus::Parse(*text) : text.error();
    if (!status.ok()) {  // it is just being started
      std::optional<state::Container> now = TRY(TRY(engine.Db())->FindContainer(logged.container.id));
      return !now || !TRY(Settle(engine, *now)) || now->state != state::ContainerState::kRunning;
    }
    Result<sys::Fd> pidfd = sys::OpenProcess(status->monitor_pid, status->monitor_start_time);
    if (!pidfd.ok()) return true;
    logged.monitor = std::move(pidfd).value();
  }
  return !sys::IsRunning(logged.monitor.get());
}

class Follower {
 public:
  Follower(Engine& engine, std::vector<Logged>& logs, const LogsOptions& options, Output& output)
      : engine_(engine), logs_(logs), options_(options), output_(output) {}

  Status Run() {
    sys::FolderWatch watch = TRY(sys::FolderWatch::New());
    for (const Logged& logged : logs_) TRY(Watch(watch, logged));
    for (;;) {
      TRY(ReadAll());
      output_.Flush();
      if (!output_.open()) return Ok();
      if (std::all_of(logs_.begin(), logs_.end(), [](const Logged& l) { return l.done; })) return Ok();
      TRY(Await(watch));
      watch.Drain();
    }
  }

 private:
  Status Watch(sys::FolderWatch& watch, const Logged& logged) {
    const std::string folder = TRY(FilesOf(engine_, logged.container.id)).folder;
    // Gone already, with all that is to be read of it in our hands.
    if (const Status added = watch.Add(folder); !added.ok() && added.error().sys_errno() != ENOENT) return added;
    const std::string& path = logged.spec.log_path;
    const std::string parent = path.substr(0, std::max<size_t>(path.rfind('/'), 1));
    return path.empty() || parent == folder ? Ok() : watch.Add(parent);
  }

  Status ReadAll() {
    const bool late = options_.until && WallNanos() >= *options_.until;
    for (Logged& logged : logs_) {
      if (logged.done) continue;
      // Asked first: what is written before the end is read after it.
      const bool ended = late || logged.container.state != state::ContainerState::kRunning || TRY(HasEnded(engine_, logged));
      logged.done = !TRY(logged.Read(ended)) || ended;
    }
    return Ok();
  }

  Status Await(const sys::FolderWatch& watch) {
    constexpr int kStartingMillis = 20, kNoJournalMillis = 200;
    std::vector<pollfd> polled = {{watch.fd(), POLLIN, 0}};
    int timeout = -1;
    for (const Logged& logged : logs_) {
      if (logged.done) continue;
      if (logged.monitor) polled.push_back({logged.monitor.get(), POLLIN, 0});
      else timeout = kStartingMillis;
      if (logged.source->fd() >= 0) polled.push_back({logged.source->fd(), POLLIN, 0});
      else if (!logged.source->is_file() && timeout < 0) timeout = kNoJournalMillis;
    }
    if (options_.until) {
      const int64_t left = std::clamp<int64_t>((*options_.until - WallNanos()) / 1'000'000 + 1, 0, 3'600'000);
      timeout = timeout < 0 ? static_cast<int>(left) : std::min(timeout, static_cast<int>(left));
    }
    if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    return Ok();
  }

  Engine& engine_;
  std::vector<Logged>& logs_;
  const LogsOptions& options_;
  Output& output_;
};

}  // namespace

Status Logs(Engine& engine, const std::vector<std::string>& names_or_ids, const LogsOptions& options,
            const LogSink& sink) {
  std::vector<Logged> logs;
  for (const std::string& name : names_or_ids) logs.push_back(TRY(Find(engine, name)));
  Output output(sink);
  for (size_t i = 0; i < logs.size(); ++i) TRY(Open(logs[i], options, output, logs.size() > 1, i));
  // Of what has ended there is nothing to wait for; and taking a watch down is a wait of its own, for the kernel.
  const bool runs = std::any_of(logs.begin(), logs.end(), [](const Logged& l) { return l.container.state == state::ContainerState::kRunning; });
  if (options.follow && runs) return Follower(engine, logs, options, output).Run();
  for (Logged& logged : logs)
    if (!TRY(logged.Read(true))) break;
  output.Flush();
  return Ok();
}

}  // namespace ctool::engine
