// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "monitor/log.hpp"
#include "runtime/frame.hpp"
#include "sys/child.hpp"

namespace ctool::monitor {

// The monitor's ends of a container's standard streams.
struct Streams {
  sys::Fd in;        // writable end of stdin; closed: /dev/null, or the terminal
  sys::Fd out, err;  // readable ends
  sys::Fd terminal;  // pty master, then in, out and err are closed
};

// Gives a terminal (-1: none) the window size of a kResize frame's payload.
void Resize(int terminal, const std::string& payload);

// Carries bytes between a container, its log and the command that is attached to it, until the
// container has ended and its output is drained. Nothing is dropped on the way: when the command
// does not read, the container's writes wait, as they would at a terminal.
class Relay {
 public:
  Relay(Log log, runtime::SyncSocket client) : log_(std::move(log)), client_(std::move(client)) {}

  // `deadline_ns` on CLOCK_MONOTONIC kills the container (--timeout); 0: none.
  struct Outcome {
    sys::ExitStatus status;
    bool timed_out = false;
  };
  Result<Outcome> Run(sys::Child& container, Streams streams, int64_t deadline_ns);

  // The end, told to the attached command, if there is one.
  void SendExit(int exit_code);
  // After it: true when the command has put the container's record in order. `folders`: what it left to us to
  // delete, each ended by a NUL.
  // `tidy`: it wants the cleanup program all the same.
  bool AwaitDone(std::string& folders, bool& tidy);
  // The command's run is over, the container's is not: it is started again.
  void LetGo(int exit_code);

 private:
  void PumpOutput(sys::Fd& from, runtime::Msg msg, std::string_view stream);
  void DrainOutput();
  void ReceiveFromClient();
  void WriteStdin();
  void CloseStdin();
  int PollTimeout(int64_t deadline_ns) const;

  Streams streams_;
  Log log_;
  runtime::SyncSocket client_;
  runtime::Frame frame_;
  std::string buffer_;
  std::string pending_in_;  // stdin that the container has not read yet
  bool close_in_ = false;   // EOF comes after it
  bool client_full_ = false;
};

}  // namespace ctool::monitor
