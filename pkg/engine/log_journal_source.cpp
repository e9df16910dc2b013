// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "engine/journal_export.hpp"
#include "engine/log_source_internal.hpp"

namespace ctool::engine {

Result<std::unique_ptr<LogSource>> JournalSource::Open(const std::string& container_id, int64_t tail, bool follow) {
  Result<std::string> program = sys::FindProgram("journalctl", sys::ProgramPath());
  if (!program.ok())
    return std::move(program).error().Wrap("the container's log is in the journal").Hint("install systemd's journalctl");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  sys::Fd ours(ends[0]), theirs(ends[1]);
  sys::SpawnOptions options;
  options.argv = {*program, "--quiet", "--no-pager", "--all", "--output=export"};
  // Without a count journalctl begins ten lines before the end when it follows.
  if (tail >= 0 || follow) options.argv.push_back("--lines=" + (tail >= 0 ? std::to_string(tail) : "all"));
  if (follow) options.argv.emplace_back("--follow");
  options.argv.push_back("CONTAINER_ID_FULL=" + container_id);
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  options.fds = {{theirs.get(), STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  sys::Child child = TRY(sys::Spawn(options));
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  return std::unique_ptr<LogSource>(new JournalSource(std::move(child), std::move(ours), follow));
}

Result<bool> JournalSource::Take(const EntrySink& sink) {
  std::string_view data = buffer_;
  while (const std::optional<JournalEntry> found = TakeJournalEntry(data)) {
    const std::string time = Rfc3339Local(found->time);
    LogEntry entry;
    entry.time = time;
    entry.is_stderr = found->is_stderr;
    entry.partial = found->partial;
    entry.text = found->message;
    if (!sink(entry)) return false;
  }
  buffer_.erase(0, buffer_.size() - data.size());
  return true;
}

Result<bool> JournalSource::Read(const EntrySink& sink) {
  constexpr size_t kChunk = 256 << 10;
  for (;;) {
    const size_t had = buffer_.size();
    buffer_.resize(had + kChunk);
    const ssize_t n = ::read(out_.get(), buffer_.data() + had, kChunk);
    const int err = errno;
    buffer_.resize(had + static_cast<size_t>(n > 0 ? n : 0));
    if (n < 0 && err == EINTR) continue;
    if (n < 0 && err == EAGAIN) return true;
    if (n < 0) return Error::Sys(err, "read", "journalctl");
    at_end_ = n == 0;
    if (at_end_) return true;
    if (!TRY(Take(sink))) return false;
  }
}

// The journal takes its time to show an entry, and does not tell when it has shown all.
Result<bool> JournalSource::ReadToEnd(const EntrySink& sink) {
  constexpr int kQuietMillis = 300;
  for (;;) {
    if (!TRY(Read(sink))) return false;
    if (at_end_) break;
    pollfd polled{out_.get(), POLLIN, 0};
    if (::poll(&polled, 1, follow_ ? kQuietMillis : -1) == 0) return true;
  }
  const sys::ExitStatus status = TRY(child_.Wait());
  if (!status.ok()) return Error(Code::kIo, "journalctl " + status.Describe());
  return true;
}

}  // namespace ctool::engine
