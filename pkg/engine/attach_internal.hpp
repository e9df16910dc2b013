// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <optional>
#include <string>

#include "base/result.hpp"
#include "engine/containers.hpp"
#include "engine/stdin_pipe.hpp"
#include "runtime/frame.hpp"
#include "sys/fd.hpp"
#include "sys/terminal.hpp"

namespace ctool::engine {

// The command's side of an attached container: our stdin, stdout, stderr and signals, and the
// monitor's socket.
class Attachment {
 public:
  // Before the container starts: blocks the signals that will be passed on, so that none is lost
  // or kills us, and remembers the terminal.
  static Result<Attachment> Prepare(const AttachOptions& options, bool tty, bool interactive);

  // Tells the container's terminal how large ours is (before kGo, and whenever it changes).
  Status SendWindowSize(const runtime::SyncSocket& monitor) const;

  // Payload of the frame that attaches us: whether there is input.
  const char* Word() const { return interactive_ ? "stdin" : tied_ ? "tied" : "attached"; }

  // The container ends with us, however we end.
  void Tie() { tied_ = true; }

  // After Relay: this was the container's end, and its record is ours to keep.
  bool concludes() const { return concludes_; }

  // Relays until the container exits (its code) or the user detaches (nothing).
  Result<std::optional<int>> Relay(const runtime::SyncSocket& monitor, int pidfd);

 private:
  Attachment() = default;
  Result<bool> HandleFrame(const runtime::SyncSocket& monitor, std::optional<int>& exit_code);
  pollfd WantedInput() const;
  Result<bool> HandleInput(const runtime::SyncSocket& monitor);
  Status ForwardStdin(const runtime::SyncSocket& monitor, bool& detached);
  Status HandleSignal(const runtime::SyncSocket& monitor, int pidfd);
  bool ScanDetachKeys(std::string& bytes);

  AttachOptions options_;
  bool tty_ = false, interactive_ = false, tied_ = false;
  sys::Fd signals_;
  std::string detach_keys_, matched_;
  bool stdin_open_ = false;
  // How stdin goes to the container: the monitor says so first, for a mixture would mix the bytes.
  enum class Input { kUnknown, kPipe, kFrames };
  Input input_ = Input::kUnknown;
  std::optional<StdinPipe> pipe_;
  bool blocked_ = false;  // the monitor takes no frame for now
  bool concludes_ = false;
  int deadly_ = 0;        // a signal that ends us
  runtime::Frame frame_;
};

// Gives the word (kGo, or kHold) to a monitor that waits for it, with our window size in front of it. `attachment` may be
// null: the command does not stay.
Status LetRun(const runtime::SyncSocket& monitor, const Attachment* attachment, runtime::Msg word = runtime::Msg::kGo);
// What comes of it: the pidfd of what was executed, or none of what is held. `stage`, if it is wanted: where a failure was.
Result<sys::Fd> AwaitStarted(const runtime::SyncSocket& monitor, runtime::Stage* stage = nullptr);

// "ctrl-p,ctrl-q" -> the bytes; "" disables. kInvalidArgument for anything else.
Result<std::string> ParseDetachKeys(const std::string& text);

}  // namespace ctool::engine
