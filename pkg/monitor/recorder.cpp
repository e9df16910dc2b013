// SPDX-License-Identifier: Apache-2.0
#include "monitor/recorder.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "monitor/memory.hpp"
#include "monitor/streams.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {
namespace {

constexpr size_t kMaxPlan = 4 << 20;  // a thousand calls, with their rules
constexpr size_t kMaxReason = 4096;

std::string SeenFile(const std::string& run_dir) { return run_dir + "/syscalls"; }

Result<seccomp::RecordPlan> ReadPlan(int file) {
  return seccomp::RecordPlan::Parse(TRY(sys::ReadAll(file, "record.json", kMaxPlan)));
}

// Below a folder that is held, and by a name that is new: no link is followed.
Status WriteProfile(int folder, const std::string& name, const std::string& text) {
  const std::string temporary = "." + name.substr(0, 200) + "." + RandomHexId().substr(0, 12);
  const auto write = [&]() -> Status {
    sys::Fd file = TRY(sys::OpenAt(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666));
    TRY(sys::WriteAll(file.get(), text, name));
    if (::fsync(file.get()) < 0) return Error::Sys(errno, "fsync", name);
    TRY(file.Close(name));
    if (::renameat(folder, temporary.c_str(), folder, name.c_str()) < 0) return Error::Sys(errno, "rename to", name);
    return Ok();
  };
  Status written = write();
  if (!written.ok()) ::unlinkat(folder, temporary.c_str(), 0);
  return written;
}

// Until nobody is left who could ask, and `init` (-1: another looks after that) has ended. `on_end` comes with its end:
// in a pid namespace of its own that is the end of all. True: there were questions after it.
template <class F>
bool Serve(seccomp::Listener& listener, const seccomp::RecordPlan& plan, seccomp::SeenCalls& seen, int init, const F& on_end) {
  enum : size_t { kAsks, kInit };
  std::array<pollfd, 2> polled = {{{listener.fd(), POLLIN, 0}, {init, POLLIN, 0}}};
  bool asked = true;
  while (polled[kAsks].fd >= 0 || polled[kInit].fd >= 0) {
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return asked;
    // Questions first: the container's end waits for their answers.
    if ((polled[kAsks].revents & POLLIN) != 0) {
      asked = true;
      if (!listener.Answer(plan, seen)) return asked;
    }
    if ((polled[kAsks].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) polled[kAsks].fd = -1;
    if (polled[kInit].revents == 0) continue;
    on_end();
    asked = false;
    polled[kInit].fd = -1;
  }
  return asked;
}

// What is asked must be read at once (seccomp::Listener::Answer): who takes short turns gets the next one (Linux 6.12).
void AskForShortTurns() {
  constexpr uint64_t kShortest = 100'000;  // ns
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes{sizeof attributes, SCHED_OTHER, 0, ::getpriority(PRIO_PROCESS, 0), 0, kShortest, 0, 0};
  if (::syscall(SYS_sched_setattr, 0, &attributes, 0) < 0) Debug(Error::Sys(errno, "sched_setattr").Message());
}

// The terminal's signals are not for it: the container's end is its own.
void Settle() {
  ::setsid();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_IGN);
  LetGoOfStderr();
  GiveBackMemory();
  AskForShortTurns();
}

}  // namespace

Result<Recorder> Recorder::Begin(const std::string& run_dir, const std::string& file) {
  Recorder recorder;
  const size_t slash = file.rfind('/');
  if (file.empty() || slash == std::string::npos || slash + 1 == file.size())
    return Error(Code::kInvalidArgument, Quote(file) + " is no absolute path of a file for the recorded profile");
  recorder.name_ = file.substr(slash + 1);
  recorder.folder_ = TRY_CTX("folder of the recorded seccomp profile", sys::Open(file.substr(0, slash + 1), O_PATH | O_DIRECTORY));
  recorder.plan_ = TRY(sys::Open(RecordPlanFile(run_dir), O_RDONLY));
  recorder.seen_ = TRY(sys::Open(SeenFile(run_dir), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  return recorder;
}

Status Recorder::Listen(sys::Fd fd, int init) {
  if (::lseek(plan_.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek");
  const seccomp::RecordPlan plan = TRY(ReadPlan(plan_.get()));
  seccomp::SeenCalls seen = TRY(seccomp::SeenCalls::Map(seen_.get()));
  seccomp::Listener listener = TRY(seccomp::Listener::Take(std::move(fd)));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return Error::Sys(errno, "pipe");
  written_ = sys::Fd(ends[0]);
  sys::Fd done(ends[1]);
  sys::Child child = TRY(sys::Child::Clone(0));
  if (!child.in_child()) {
    processes_.push_back(std::move(child).Detach());  // it ends with the container, which may outlive us
    return Ok();
  }
  KeepOnly({listener.fd(), init, done.get(), folder_.get()});
  Settle();
  const auto write = [&] {
    const Result<std::string> profile = seccomp::RecordedProfile(plan, seen);
    const Status written = profile.ok() ? WriteProfile(folder_.get(), name_, *profile) : Status(profile.error());
    const Status told = written.ok() || !done ? Ok() : sys::WriteAll(done.get(), written.error().Message(), "the monitor's pipe");
    if (!told.ok()) Debug(told.error().Message());
    done.Reset();
  };
  // Where the container shares a pid namespace, processes that it has left behind may have gone on.
  if (Serve(listener, plan, seen, init, write)) write();
  ::_exit(0);
}

Status Recorder::Finish() {
  if (!written_) return Ok();
  const Result<std::string> reason = sys::ReadAll(written_.get(), "the recorder's pipe", kMaxReason);
  written_.Reset();
  processes_.erase(std::remove_if(processes_.begin(), processes_.end(), [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; }),
                   processes_.end());
  if (!reason.ok()) return reason.error();
  if (!reason->empty()) return Error(Code::kIo, "the recorded seccomp profile could not be written: " + *reason);
  return Ok();
}

Status RecordSession(const std::string& run_dir, sys::Fd fd) {
  const sys::Fd plan_file = TRY(sys::Open(RecordPlanFile(run_dir), O_RDONLY));
  const seccomp::RecordPlan plan = TRY(ReadPlan(plan_file.get()));
  const sys::Fd seen_file = TRY(sys::Open(SeenFile(run_dir), O_RDWR | O_NOFOLLOW));
  seccomp::SeenCalls seen = TRY(seccomp::SeenCalls::Map(seen_file.get()));
  seccomp::Listener listener = TRY(seccomp::Listener::Take(std::move(fd)));
  sys::Child child = TRY(sys::Child::Clone(0));
  if (!child.in_child()) {
    std::move(child).Detach();
    return Ok();
  }
  KeepOnly({listener.fd()});
  Settle();
  Serve(listener, plan, seen, -1, [] {});
  ::_exit(0);
}

}  // namespace ctool::monitor
