// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "engine/journal_export.hpp"
#include "engine/log_source_internal.hpp"

namespace ctool::engine {
namespace {

std::string FormatSince(int64_t micros) {
  const std::string fraction = std::to_string(micros % 1'000'000);
  return "--since=@" + std::to_string(micros / 1'000'000) + "." + std::string(6 - fraction.size(), '0') + fraction;
}

}  // namespace

Result<std::unique_ptr<LogSource>> JournalSource::Open(const std::string& container_id, int64_t tail, bool follow) {
  std::unique_ptr<JournalSource> source(new JournalSource(container_id, tail));
  source->opened_micros_ = WallNanos() / 1000;
  TRY(source->Start(follow));
  return std::unique_ptr<LogSource>(std::move(source));
}

Status JournalSource::Start(bool follow) {
  Result<std::string> program = sys::FindProgram("journalctl", sys::ProgramPath());
  if (!program.ok())
    return std::move(program).error().Wrap("the container's log is in the journal").Hint("install systemd's journalctl");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  out_ = sys::Fd(ends[0]);
  const sys::Fd theirs(ends[1]);
  sys::SpawnOptions options;
  options.argv = {*program, "--quiet", "--no-pager", "--all", "--output=export"};
  if (!cursor_.empty()) options.argv.push_back("--after-cursor=" + cursor_);
  // What came after the beginning, of which there was none then.
  else if (tail_ == 0 && follows_) options.argv.push_back(FormatSince(opened_micros_));
  // Without a count journalctl begins ten lines before the end when it follows.
  else if (tail_ >= 0 || follow) options.argv.push_back("--lines=" + (tail_ >= 0 ? std::to_string(tail_) : "all"));
  if (follow) options.argv.emplace_back("--follow");
  options.argv.push_back("CONTAINER_ID_FULL=" + id_);
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  options.fds = {{theirs.get(), STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  child_.emplace(TRY(sys::Spawn(options)));
  follows_ = follow;
  at_end_ = false;
  ::fcntl(out_.get(), F_SETFL, O_NONBLOCK);
  return Ok();
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
    cursor_ = found->cursor;
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

// Reads until journalctl has ended.
Result<bool> JournalSource::Finish(const EntrySink& sink) {
  while (!at_end_) {
    pollfd polled{out_.get(), POLLIN, 0};
    if (::poll(&polled, 1, -1) < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    if (!TRY(Read(sink))) return false;
  }
  const sys::ExitStatus status = TRY(child_->Wait());
  if (!status.ok())
    return Error(Code::kIo, "read the journal: journalctl " + status.Describe())
        .Hint("a journal that is kept in /run is for members of the group systemd-journal; one in /var/log/journal shows users what is theirs");
  return true;
}

// One that follows is told of new entries late, and does not say when it has shown all. When nothing is added any more,
// one that doesn't reads the rest.
Result<bool> JournalSource::ReadToEnd(const EntrySink& sink) {
  if (follows_) {
    if (!TRY(Read(sink))) return false;
    child_.reset();
    if (!at_end_ && !TRY(Read(sink))) return false;
    buffer_.clear();  // the beginning of an entry that is read again
    TRY(Start(false));
  }
  return Finish(sink);
}

}  // namespace ctool::engine
