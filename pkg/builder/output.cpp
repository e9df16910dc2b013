// SPDX-License-Identifier: Apache-2.0
#include "builder/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/terminal.hpp"
#include "sys/thread.hpp"

namespace ctool::builder {
namespace {

constexpr auto kTick = std::chrono::milliseconds(250);
constexpr int64_t kSecond = 1'000'000'000;
// Of one stage, while another one is shown: more than anybody reads, and less than what would take the machine's memory.
constexpr size_t kMostWaiting = 16 << 20;

// As much of a text as fits into `columns`, with nothing in it that a terminal would obey.
std::string Fit(const std::string& text, size_t columns) {
  std::string plain;
  for (const char c : text) plain += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  if (plain.size() > columns) plain.resize(columns);
  return plain;
}

}  // namespace

Output::Output(Options options, size_t stages) : options_(options), stages_(stages) {
  if (!options_.live) return;
  Result<std::thread> ticker = sys::StartThread([this] { Tick(); });
  if (ticker.ok()) ticker_ = std::move(*ticker);
}

Output::~Output() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    ClearLive();
  }
  wake_.notify_all();
  if (ticker_.joinable()) ticker_.join();
}

void Output::Put(Stream stream, std::string_view bytes) {
  if (bytes.empty()) return;
  ClearLive();
  const Status written = sys::WriteAll(stream == Stream::kOut ? options_.out : options_.err, bytes, "output");
  if (!written.ok()) Debug(written.error().Message());
  at_line_start_ = bytes.back() == '\n';
}

void Output::Write(size_t stage, Stream stream, std::string_view bytes) {
  if (options_.quiet) return;
  const std::lock_guard lock(mutex_);
  if (stage == first_) return Put(stream, bytes);
  // A stage that nobody knew to be needed comes late.
  if (stage < first_) return Put(stream, bytes);
  Hold(stages_[stage], stream, bytes);
}

void Output::Hold(Stage& stage, Stream stream, std::string_view bytes) {
  std::vector<Piece>& waiting = stage.waiting;
  if (stage.held + bytes.size() > kMostWaiting) {
    if (std::exchange(stage.cut, true)) return;
    stream = Stream::kErr;
    bytes = "\n[the rest of this stage's output is left out: there was too much of it before its turn]\n";
  }
  stage.held += bytes.size();
  if (waiting.empty() || waiting.back().stream != stream) waiting.push_back({stream, {}});
  waiting.back().bytes += bytes;
}

void Output::Advance() {
  while (first_ < stages_.size() && stages_[first_].finished) {
    if (++first_ == stages_.size()) return;
    for (const Piece& piece : stages_[first_].waiting) Put(piece.stream, piece.bytes);
    stages_[first_].waiting.clear();
  }
}

void Output::Finish(size_t stage) {
  const std::lock_guard lock(mutex_);
  stages_[stage].finished = true;
  stages_[stage].doing.clear();
  Advance();
}

void Output::Last(const std::string& text) {
  const std::lock_guard lock(mutex_);
  Put(Stream::kOut, text);
}

void Output::Doing(size_t stage, const std::string& what) {
  const std::lock_guard lock(mutex_);
  stages_[stage].doing = what;
  stages_[stage].since = MonotonicNanos();
}

void Output::ClearLive() {
  if (!drawn_) return;
  drawn_ = false;
  if (!sys::WriteAll(options_.err, "\r\x1b[K", "output").ok()) Debug("the terminal is gone");
}

// One line: what runs, and for how long. Not into the middle of a line of the steps.
void Output::DrawLive() {
  if (!at_line_start_) return;
  std::string text;
  for (const Stage& stage : stages_) {
    const int64_t seconds = (MonotonicNanos() - stage.since) / kSecond;
    if (stage.doing.empty() || seconds < 1) continue;
    text += (text.empty() ? "" : " | ") + stage.doing + " " + std::to_string(seconds) + "s";
  }
  const std::optional<sys::WindowSize> size = sys::GetWindowSize(options_.err);
  ClearLive();
  if (text.empty()) return;
  drawn_ = sys::WriteAll(options_.err, Fit(text, size && size->columns > 1 ? size->columns - 1U : 79), "output").ok();
}

void Output::Tick() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kTick, [this] { return ending_; })) DrawLive();
}

Result<std::unique_ptr<OutputPipe>> OutputPipe::Start(Output& output, size_t stage, Output::Stream stream) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe");
  std::unique_ptr<OutputPipe> made(new OutputPipe);
  made->read_ = sys::Fd(ends[0]);
  made->write_ = sys::Fd(ends[1]);
  made->reader_ = TRY(sys::StartThread([&output, stage, stream, fd = ends[0]] {
    std::array<char, 64 << 10> buffer;
    for (;;) {
      const ssize_t n = ::read(fd, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      output.Write(stage, stream, {buffer.data(), static_cast<size_t>(n)});
    }
  }));
  return made;
}

OutputPipe::~OutputPipe() {
  write_.Reset();
  if (reader_.joinable()) reader_.join();
}

}  // namespace ctool::builder
