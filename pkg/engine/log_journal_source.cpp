// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/journal_export.hpp"
#include "engine/log_source_internal.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"

namespace ctool::engine {
namespace {

std::string FormatSince(int64_t micros) {
  const std::string fraction = std::to_string(micros % 1'000'000);
  return "--since=@" + std::to_string(micros / 1'000'000) + "." + std::string(6 - fraction.size(), '0') + fraction;
}

// journald gives each user a file of his own with his first entry. Before that journalctl finds nothing that it may
// open, and fails. It keeps no such files in /run, nor for system accounts.
bool HasNoEntries() {
  constexpr uid_t kFirstUser = 1000;
  const Result<std::string> machine = sys::ReadFile("/etc/machine-id");
  if (!machine.ok() || ::getuid() < kFirstUser) return false;
  const std::string folder = "/var/log/journal/" + std::string(Trim(*machine)), all = folder + "/system.journal";
  if (!sys::Exists(all) || ::access(all.c_str(), R_OK) == 0) return false;
  const Result<sys::Fd> opened = sys::Open(folder, O_RDONLY | O_DIRECTORY);
  const Result<std::vector<std::string>> files = opened.ok() ? sys::ListDir(opened->get(), folder) : opened.error();
  const std::string own = "user-" + std::to_string(::getuid());
  return files.ok() && std::none_of(files->begin(), files->end(), [&](const std::string& name) { return StartsWith(name, own); });
}

}  // namespace

Result<std::unique_ptr<LogSource>> JournalSource::Open(const std::string& container_id, int64_t tail, bool follow) {
  std::unique_ptr<JournalSource> source(new JournalSource(container_id, tail));
  source->opened_micros_ = WallNanos() / 1000;
  source->follows_ = follow;
  TRY(source->Start());
  return std::unique_ptr<LogSource>(std::move(source));
}

Status JournalSource::Start() {
  if (HasNoEntries()) return Ok();
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
  else if (tail_ == 0 && begun_) options.argv.push_back(FormatSince(opened_micros_));
  // Without a count journalctl begins ten lines before the end when it follows.
  else if (tail_ >= 0 || follows_) options.argv.push_back("--lines=" + (tail_ >= 0 ? std::to_string(tail_) : "all"));
  if (follows_) options.argv.emplace_back("--follow");
  options.argv.push_back("CONTAINER_ID_FULL=" + id_);
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  // It complains of files that journald is just making or putting away, and then shows what there is all the same: that
  // is no line of the container's. It is told when journalctl fails.
  complaints_ = TRY(sys::MemoryFile("complaints"));
  options.fds = {{theirs.get(), STDOUT_FILENO}, {complaints_.get(), STDERR_FILENO}};
  child_.emplace(TRY(sys::Spawn(options)));
  begun_ = true;
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
    failures_ = 0;
    if (!sink(entry)) return false;
  }
  buffer_.erase(0, buffer_.size() - data.size());
  return true;
}

Result<bool> JournalSource::Read(const EntrySink& sink) {
  constexpr size_t kChunk = 256 << 10;
  if (!out_ && follows_) TRY(Start());
  while (out_) {
    const size_t had = buffer_.size();
    buffer_.resize(had + kChunk);
    const ssize_t n = ::read(out_.get(), buffer_.data() + had, kChunk);
    const int err = errno;
    buffer_.resize(had + static_cast<size_t>(n > 0 ? n : 0));
    if (n < 0 && err == EINTR) continue;
    if (n < 0 && err == EAGAIN) return true;
    if (n < 0) return Error::Sys(err, "read", "journalctl");
    if (n == 0) return End();
    if (!TRY(Take(sink))) return false;
  }
  return true;
}

Result<bool> JournalSource::End() {
  out_.Reset();
  const sys::ExitStatus status = TRY(child_->Wait());
  if (status.ok()) return true;
  // While journald is started again there may be no file for a moment. Who follows looks again.
  constexpr int kPatience = 30;
  constexpr useconds_t kPauseMicros = 100'000;
  if (follows_ && ++failures_ < kPatience) {
    ::usleep(kPauseMicros);
    return true;
  }
  std::string complaints(size_t{4096}, '\0');
  const ssize_t n = ::pread(complaints_.get(), complaints.data(), complaints.size(), 0);
  complaints.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  const std::string_view said = Trim(complaints);
  return Error(Code::kIo, "read the journal: journalctl " + status.Describe() + (said.empty() ? "" : ": " + std::string(said)))
      .Hint("a journal that is kept in /run is for members of the group systemd-journal; one in /var/log/journal shows users what is theirs");
}

// One that follows is told of new entries late, and does not say when it has shown all. When nothing is added any more,
// one that doesn't reads the rest.
Result<bool> JournalSource::ReadToEnd(const EntrySink& sink) {
  if (follows_) {
    if (!TRY(Read(sink))) return false;
    follows_ = false;
    child_.reset();
    buffer_.clear();  // the beginning of an entry that is read again
    TRY(Start());
  }
  while (out_) {
    pollfd polled{out_.get(), POLLIN, 0};
    if (::poll(&polled, 1, -1) < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    if (!TRY(Read(sink))) return false;
  }
  return true;
}

}  // namespace ctool::engine
