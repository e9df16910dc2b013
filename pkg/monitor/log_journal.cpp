// SPDX-License-Identifier: Apache-2.0
#include "monitor/log_journal.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cstring>

#include "base/log.hpp"

namespace ctool::monitor {
namespace {

Result<sys::Fd> Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error(Code::kInvalidArgument, "the path of the journal's socket is too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  sys::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return Error::Sys(errno, "socket");
  // A journal that takes nothing for so long does not hold the container up for ever.
  const timeval patience{2, 0};
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
  log.socket_ = TRY(Connect(config.log_path));
  const std::string short_id = config.id.substr(0, 12);
  AppendJournalField(log.fields_, "CONTAINER_ID", short_id);
  AppendJournalField(log.fields_, "CONTAINER_ID_FULL", config.id);
  AppendJournalField(log.fields_, "CONTAINER_NAME", config.name);
  if (!config.log_tag.empty()) AppendJournalField(log.fields_, "CONTAINER_TAG", config.log_tag);
  AppendJournalField(log.fields_, "SYSLOG_IDENTIFIER", config.log_tag.empty() ? short_id : config.log_tag);
  return log;
}

void JournalLog::Append(bool is_stderr, std::string_view chunk) {
  while (!chunk.empty()) {
    const size_t newline = chunk.find('\n');
    const bool full = newline != std::string_view::npos;
    entry_ = fields_;
    AppendJournalField(entry_, "PRIORITY", is_stderr ? "3" : "6");  // LOG_ERR, LOG_INFO
    if (!full) AppendJournalField(entry_, "CONTAINER_PARTIAL_MESSAGE", "true");
    AppendJournalField(entry_, "MESSAGE", chunk.substr(0, newline));
    if (::send(socket_.get(), entry_.data(), entry_.size(), MSG_NOSIGNAL) < 0) {
      const int err = errno;
      Debug(Error::Sys(err, "send to the journal").Message());  // lost: the container goes on
      // And the rest with it: to wait again for each line would keep the monitor from everything else for hours.
      if (err == EAGAIN) return;
    }
    chunk.remove_prefix(full ? newline + 1 : chunk.size());
  }
}

}  // namespace ctool::monitor
