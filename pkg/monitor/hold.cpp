// SPDX-License-Identifier: Apache-2.0
#include "monitor/hold.hpp"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "monitor/control.hpp"
#include "monitor/streams.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {
namespace {

class Held {
 public:
  static Result<Held> Mark(const std::string& run_dir) {
    TRY(sys::WriteFileAtomic(HeldFile(run_dir), "", 0600, sys::Durability::kNone));
    return Held(run_dir);
  }
  Held(Held&& o) noexcept : run_dir_(std::move(o.run_dir_)) { o.run_dir_.clear(); }
  Held& operator=(Held&&) = delete;
  ~Held() {
    if (run_dir_.empty()) return;
    const Status removed = sys::RemoveTree(HeldFile(run_dir_));
    if (!removed.ok()) Debug(removed.error().Message());
    RemoveControl(run_dir_);
  }

 private:
  explicit Held(std::string run_dir) : run_dir_(std::move(run_dir)) {}
  std::string run_dir_;
};

// The places in the poll; who has connected comes after them.
enum : size_t { kInit, kListener, kFixed };

// Nobody needs more at a time than one who starts it. When so many are there that say nothing, the next one waits
// in the listener's queue until one of them has gone.
constexpr size_t kMostPeers = 64;

void FillPoll(int init, int listener, const std::vector<runtime::SyncSocket>& peers, std::vector<pollfd>& polled) {
  polled.clear();
  polled.push_back({init, POLLIN, 0});
  polled.push_back({peers.size() < kMostPeers ? listener : -1, POLLIN, 0});
  for (const runtime::SyncSocket& peer : peers) polled.push_back({peer.fd(), POLLIN, 0});
}

Status Accept(int listener, std::vector<runtime::SyncSocket>& peers) {
  runtime::SyncSocket peer;
  if (TRY(AcceptControl(listener, peer))) peers.push_back(std::move(peer));
  return Ok();
}

// The one frame that has come from a peer.
struct Heard {
  bool stays = false;      // it has more to say
  std::optional<Word> go;  // it takes the place of the command
};
Heard Hear(const runtime::SyncSocket& peer, int terminal) {
  runtime::Frame frame;
  const Result<bool> got = peer.Receive(frame);
  if (!got.ok() || !*got) return {};
  if (frame.header.msg == runtime::Msg::kResize) Resize(terminal, frame.payload);
  if (frame.header.msg == runtime::Msg::kGo) return {true, WordOf(frame)};
  return {frame.header.msg == runtime::Msg::kResize, std::nullopt};
}

}  // namespace

std::string HeldFile(const std::string& run_dir) { return run_dir + "/held"; }

Result<Word> Hold(const std::string& run_dir, int init, int terminal, runtime::SyncSocket& command) {
  const sys::Fd listener = TRY(ListenControl(run_dir));
  const Held held = TRY(Held::Mark(run_dir));
  TRY(command.Send(runtime::Msg::kHeld));
  command.Close();
  LetGoOfStderr();
  std::vector<runtime::SyncSocket> peers;
  for (std::vector<pollfd> polled;;) {
    FillPoll(init, listener.get(), peers, polled);
    if (::poll(polled.data(), polled.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return Error::Sys(errno, "poll");
    }
    if (polled[kInit].revents != 0) return Error(Code::kBusy, "the container was ended before it was started");
    for (size_t i = 0; i < peers.size(); ++i) {
      if (polled[kFixed + i].revents == 0) continue;
      const Heard heard = Hear(peers[i], terminal);
      if (heard.go) {
        command = std::move(peers[i]);
        return *heard.go;
      }
      if (!heard.stays) peers[i].Close();
    }
    peers.erase(std::remove_if(peers.begin(), peers.end(), [](const runtime::SyncSocket& p) { return !p; }), peers.end());
    if (polled[kListener].revents != 0) TRY(Accept(listener.get(), peers));
  }
}

}  // namespace ctool::monitor
