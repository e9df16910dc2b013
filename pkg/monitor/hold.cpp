// SPDX-License-Identifier: Apache-2.0
#include "monitor/hold.hpp"

#include <poll.h>

#include <array>

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

}  // namespace

std::string HeldFile(const std::string& run_dir) { return run_dir + "/held"; }

Result<Word> Hold(const std::string& run_dir, int init, int terminal, runtime::SyncSocket& command) {
  const sys::Fd listener = TRY(ListenControl(run_dir));
  const Held held = TRY(Held::Mark(run_dir));
  TRY(command.Send(runtime::Msg::kHeld));
  command.Close();
  LetGoOfStderr();
  for (;;) {
    std::array<pollfd, 2> polled = {{{listener.get(), POLLIN, 0}, {init, POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return Error::Sys(errno, "poll");
    if (polled[1].revents != 0) return Error(Code::kBusy, "the container was ended before it was started");
    if (polled[0].revents == 0 || !TRY(AcceptControl(listener.get(), command))) continue;
    const Result<Word> word = AwaitWord(command, terminal);
    if (word.ok() && !word->hold) return *word;
    command.Close();  // somebody else, or gone
  }
}

}  // namespace ctool::monitor
