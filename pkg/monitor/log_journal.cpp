// SPDX-License-Identifier: Apache-2.0
#include "monitor/log_journal.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "base/clock.hpp"

namespace ctool::monitor {
namespace {

constexpr int64_t kPatienceNanos = 2'000'000'000;

Result<sys::Fd> Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error(Code::kInvalidArgument, "the path of the journal's socket is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  sys::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return Error::Sys(errno, "socket");
  const timeval patience{kPatienceNanos / 1'000'000'000, 0};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
    return Error::Sys(errno, "setsockopt");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    return Error::Sys(errno, "connect to the journal", path);
  return fd;
}

}  // namespace

void AppendJournalField(std::string& to, std::string_view name, std::string_view value) {
  to.append(name);
  if (value.find('\n') == std::string_view::npos) {
    to.append("=").append(value).append("\n");
    return;
  }
  to += '\n';
  for (int shift = 0; shift < 64; shift += 8) to += static_cast<char>(static_cast<uint64_t>(value.size()) >> shift);
  to.append(value).append("\n");
}

Result<JournalLog> JournalLog::Open(const Config& config) {
  JournalLog log;
  log.path_ = config.log_path;
  log.socket_ = TRY(Connect(log.path_));
  AppendJournalField(log.fields_, "CONTAINER_ID", config.id.substr(0, 12));
  AppendJournalField(log.fields_, "CONTAINER_ID_FULL", config.id);
  AppendJournalField(log.fields_, "CONTAINER_NAME", config.name);
  if (!config.log_tag.empty()) AppendJournalField(log.fields_, "CONTAINER_TAG", config.log_tag);
  AppendJournalField(log.fields_, "SYSLOG_IDENTIFIER", config.log_tag.empty() ? config.name : config.log_tag);
  return log;
}

bool JournalLog::TrySend(int flags) {
  const auto send = [&] { return ::send(socket_.get(), entry_.data(), entry_.size(), MSG_NOSIGNAL | flags) >= 0; };
  if (send()) return true;
  if (errno != ECONNREFUSED && errno != ECONNRESET && errno != ENOTCONN) return false;
  Result<sys::Fd> fresh = Connect(path_);  // the socket was made anew
  if (!fresh.ok()) return false;
  socket_ = std::move(fresh).value();
  return send();
}

// journald may be restarted meanwhile, which takes it less than a second: that must lose nothing. One that is stopped,
// or hangs, must not hold up the container, nor the monitor's other work, at each line.
bool JournalLog::Deliver() {
  if (deaf_) {
    deaf_ = !TrySend(MSG_DONTWAIT);
    return !deaf_;
  }
  constexpr timespec kPause = {0, 20'000'000};
  const int64_t end = MonotonicNanos() + kPatienceNanos;
  while (!TrySend(0)) {
    if (MonotonicNanos() >= end) {
      deaf_ = true;
      return false;
    }
    ::nanosleep(&kPause, nullptr);
  }
  return true;
}

void JournalLog::Send(bool is_stderr, bool partial, std::string_view message) {
  const auto deliver = [&](const char* priority, bool in_parts, std::string_view text) {
    entry_ = fields_;
    AppendJournalField(entry_, "PRIORITY", priority);
    if (in_parts) AppendJournalField(entry_, "CONTAINER_PARTIAL_MESSAGE", "true");
    AppendJournalField(entry_, "MESSAGE", text);
    return Deliver();
  };
  if (lost_ > 0 && deliver("3", false, "ctool: " + std::to_string(lost_) + " log entries are lost: the journal took nothing")) lost_ = 0;
  if (lost_ > 0 || !deliver(is_stderr ? "3" : "6", partial, message)) ++lost_;  // LOG_ERR, LOG_INFO
}

void JournalLog::Append(bool is_stderr, std::string_view chunk) {
  constexpr size_t kMostInOne = 48 << 10;  // as journald cuts the lines of services
  std::string& line = begun_[is_stderr];
  while (!chunk.empty()) {
    const std::string_view part = chunk.substr(0, std::min(chunk.find('\n'), kMostInOne - line.size()));
    line += part;
    chunk.remove_prefix(part.size());
    const bool full = !chunk.empty() && chunk[0] == '\n';
    if (!full && line.size() < kMostInOne) return;
    Send(is_stderr, !full, line);
    line.clear();
    if (full) chunk.remove_prefix(1);
  }
}

// Who looks into the journal after the container's end finds all of it there. Of what is not read yet the kernel says
// how much there is; an empty datagram, which journald passes over, is read when the last entry is in the journal.
void JournalLog::Finish() {
  for (const bool is_stderr : {false, true}) {
    if (!begun_[is_stderr].empty()) Send(is_stderr, true, begun_[is_stderr]);
    begun_[is_stderr].clear();
  }
  entry_.clear();
  if (deaf_ || !TrySend(0)) return;
  const int64_t end = MonotonicNanos() + kPatienceNanos;
  timespec pause = {0, 100'000};
  for (int unread = 0; ::ioctl(socket_.get(), SIOCOUTQ, &unread) == 0 && unread > 0 && MonotonicNanos() < end;) {
    ::nanosleep(&pause, nullptr);
    pause.tv_nsec = std::min(pause.tv_nsec * 2, 10'000'000L);
  }
}

}  // namespace ctool::monitor
