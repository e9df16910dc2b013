// SPDX-License-Identifier: Apache-2.0
//
// The one message format between init, monitor and the command line. One SOCK_SEQPACKET datagram
// is one frame: a fixed header and a payload of bytes.
//
//   monitor -> init   kBundle      payload: path of the bundle
//   monitor -> init   kIdMapDone   its uid_map and gid_map are written
//   init -> monitor   kIdMapDone   it has taken ids that are not those of the default map
//   monitor -> init   kGroupDone   it is in its control group; only to one that waits for that
//   init -> monitor   kWantFuse    overlay refused; payload: a FuseMount, in strings separated by NULs
//   monitor -> init   kFuseDone    the file system is mounted
//   init -> monitor   kConsole     carries the pty master
//   init -> monitor   kReady       everything but exec is done; payload: HOME, when it comes from passwd
//   monitor -> init   kExec        network up, record committed: go
//   init -> monitor   kListener    carries the descriptor of its seccomp filter's questions (SECCOMP_RET_USER_NOTIF); it
//                                  executes once they are answered
//   EOF                            exec succeeded (the socket is close-on-exec)
//   init -> monitor   kFailed      at any point: stage, code, errno, text
//
//   command -> monitor  kSandbox   payload: what can be made before the bundle is there (monitor/sandbox.hpp)
//   command -> monitor  kFile      after kSandbox: the descriptors that it announces, one each
//   command -> monitor  kBundle    payload: path of the bundle; carries the container's lock
//   command -> monitor  kGo        the record is on disk: let the command run. Payload: "" the command does not stay,
//                                  "attached" it does, "stdin" and has input, "tied" and is what
//                                  the container ends with
//   command -> monitor  kHold      instead of kGo: wait for somebody who says it at the control socket
//   monitor -> command  kHeld      so it waits; the command may go
//   monitor -> command  kStarted   payload: pid in decimal; carries the pidfd
//   monitor -> command  kFailed    as init sent it, or the monitor's own
//   monitor -> command  kStdin     after kStarted, to who has input for a process without a terminal. Carries the
//                                  pipe to write it to; without one (somebody else has it) it goes by kStdin frames
//   monitor -> command  kStdout, kStderr     payload: bytes
//   command -> monitor  kStdin     payload: bytes;  kStdinEof
//   command -> monitor  kResize    payload: rows, columns (uint16_t each)
//   monitor -> command  kExited    payload: exit code in decimal, and " again" when the container is started again, or the
//                                  command is not the one that keeps its record
//   command -> monitor  kTidy      run the cleanup program even after a kDone
//   command -> monitor  kAttach    to the control socket: be attached as well; answered by kStarted. Payload as kGo's
//   command -> monitor  kExecute   to the control socket: payload: what to execute (monitor/session.hpp); carries
//                                  the pidfd of the container's init. Answered as a start is
//   command -> monitor  kCheck     to the control socket: run the health check; answered by kExited, "0 healthy"
//   command -> monitor  kReload    to the control socket: monitor.json has changed
//   command -> monitor  kFile      after kExecute, several times: carries its config.json, then descriptors to pass on
//   joiner -> session   kJoined    payload: pid in decimal; carries the pidfd of the process that has joined
//   command -> monitor  kDone      the command keeps the record: no cleanup program is needed. Payload: folders
//                                  for the monitor to delete, each ended by a NUL
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::runtime {

enum class Msg : uint8_t {
  kIdMapDone = 1, kWantFuse, kFuseDone, kConsole, kReady, kExec, kFailed,
  kGo, kStarted, kStdout, kStderr, kStdin, kStdinEof, kResize, kExited, kDone,
  kSandbox, kBundle, kTidy, kAttach, kExecute, kFile, kJoined, kCheck, kHold, kHeld, kReload, kListener, kGroupDone,
};

// Where a start stands: in errors ("stage rootfs") and in profiles.
enum class Stage : uint8_t {
  kPlan, kClone, kIdMap, kRootfs, kMounts, kDevices, kPaths, kNetwork, kIdentity, kTerminal,
  kProcess, kSecurity, kExec,
};
const char* Name(Stage stage);

struct FrameHeader {
  Msg msg{};
  Stage stage{};
  uint8_t code = 0;  // ctool::Code of a kFailed
  uint8_t reserved = 0;
  int32_t err = 0;      // errno of a kFailed, 0 when no system call failed
  int64_t mono_ns = 0;  // CLOCK_MONOTONIC when it was sent: the frames of a start are its profile
};
static_assert(sizeof(FrameHeader) == 16 && std::is_trivially_copyable_v<FrameHeader>);

inline constexpr size_t kMaxPayload = 64 << 10;  // what a pipe holds

struct Frame {
  FrameHeader header;
  std::string payload;
  sys::Fd fd;  // of a frame that carries one
};

class SyncSocket {
 public:
  SyncSocket() = default;
  explicit SyncSocket(sys::Fd fd) : fd_(std::move(fd)) {}
  static Result<std::pair<SyncSocket, SyncSocket>> Pair();

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  void Close() { fd_.Reset(); }
  sys::Fd Release() { return std::move(fd_); }

  Status Send(Msg msg, Stage stage = Stage::kPlan, std::string_view payload = {},
              int attach_fd = -1) const;
  // As Send of a kListener frame, by a sendmsg with the flags of seccomp/record.hpp.
  Status SendListener(int listener) const;
  Status SendError(Stage stage, const Error& error) const;
  // False at EOF. A datagram that is no frame is kCorrupt.
  Result<bool> Receive(Frame& into) const;

 private:
  Status SendHeader(FrameHeader header, std::string_view payload, int attach_fd, unsigned flags) const;
  sys::Fd fd_;
};

// The error that a kFailed frame carries.
Error FrameError(const Frame& frame);

}  // namespace ctool::runtime
