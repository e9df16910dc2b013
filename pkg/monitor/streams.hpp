// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/frame.hpp"
#include "sys/fd.hpp"

namespace ctool::monitor {

// The monitor's ends of a process' standard streams.
struct Streams {
  sys::Fd in;        // writable end of stdin; closed: /dev/null, or the terminal
  sys::Fd out, err;  // readable ends
  sys::Fd terminal;  // pty master, then in, out and err are closed
};

struct Pipes {
  Streams ours;
  sys::Fd in, out, err;  // the process'
};
// None for a terminal, whose pair is made in the container. `keep_stdin`: -i, a pipe; otherwise /dev/null.
Result<Pipes> MakePipes(bool terminal, bool keep_stdin);
// The same for a process that gets these streams themselves; nothing is ours. Without them: /dev/null.
Result<Pipes> PassThrough(const std::vector<sys::Fd>& streams);

// Descriptors that the command sends, a kFile frame each.
Result<std::vector<sys::Fd>> ReceiveFiles(const runtime::SyncSocket& command, int64_t count);

// Gives a terminal (-1: none) the window size of a kResize frame's payload.
void Resize(int terminal, const std::string& payload);

// The command's word: to execute, or to hold.
struct Word {
  bool hold = false;
  bool attached = false;  // the command stays, to get the output
  bool has_input = false;
  bool tied = false;  // the process ends with the command
};
// A kGo or kHold frame's.
Word WordOf(const runtime::Frame& frame);
// Waits for it. The window size, if there is a terminal, comes before the first instruction.
Result<Word> AwaitWord(const runtime::SyncSocket& command, int terminal);

// From now on stderr is nobody's: a caller that captured it must see its end.
void LetGoOfStderr();

// In a forked child of the monitor: none of its other descriptors stays open, as the container's lock and pipes.
void KeepOnly(std::vector<int> descriptors);

// A frame that must be a `wanted`.
Status Expect(const runtime::SyncSocket& command, runtime::Frame& frame, runtime::Msg wanted);

}  // namespace ctool::monitor
