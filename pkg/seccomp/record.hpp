// SPDX-License-Identifier: Apache-2.0
//
// A profile from what a program does: under a recording filter each call that the profile lets pass first asks a listener,
// which notes it and lets it go on. This half is the monitor's: it links no libseccomp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::seccomp {

// Flags of the one sendmsg that a recording filter lets pass unseen: by it the listener itself is handed over, and nobody
// could answer before. AF_UNIX knows none of them but MSG_NOSIGNAL.
inline constexpr uint32_t kReportFlags = 0x4000 | 0x800 | 0x200 | 0x10;  // MSG_NOSIGNAL | CONFIRM | FIN | PROXY

// What is needed to write the profile once the calls are known.
struct RecordPlan {
  struct Arch {
    std::string name;  // "SCMP_ARCH_X86_64"
    uint32_t audit = 0, number_bit = 0;
  };
  struct Call {
    size_t arch = 0;
    uint32_t number = 0;  // number_bit included
    std::string name;
    bool always = false;  // part of every recorded profile, and not asked about
    std::string rules;    // JSON list: what the profile has for it, without "names"
  };
  std::string head;  // JSON object: defaultAction and what belongs to it
  std::vector<Arch> arches;
  std::vector<Call> calls;

  static Result<RecordPlan> Parse(std::string_view json);
  std::string Print() const;
};

// Which calls were made: a bit each, in a file that all who listen in one container have mapped.
class SeenCalls {
 public:
  static constexpr size_t kArches = 4, kNumbers = 1024, kBytes = kArches * kNumbers / 8;
  static Result<SeenCalls> Map(int file);
  SeenCalls(SeenCalls&& o) noexcept : bits_(std::exchange(o.bits_, nullptr)) {}
  SeenCalls& operator=(SeenCalls&&) = delete;
  ~SeenCalls();

  void Add(size_t arch, uint32_t number);  // without its number_bit
  bool Has(size_t arch, uint32_t number) const;

 private:
  explicit SeenCalls(uint8_t* bits) : bits_(bits) {}
  uint8_t* bits_;
};

// The profile, in containers/common's format: sorted, and the same for the same calls.
Result<std::string> RecordedProfile(const RecordPlan& plan, const SeenCalls& seen);

// The answers to one filter's questions.
class Listener {
 public:
  static Result<Listener> Take(sys::Fd fd);
  int fd() const { return fd_.get(); }
  // All questions that are there: notes the calls and lets them go on. The runtime has none but its execve. False: no
  // more can be answered.
  bool Answer(const RecordPlan& plan, SeenCalls& seen);

 private:
  Listener(sys::Fd fd, size_t question, size_t answer) : fd_(std::move(fd)), question_(question), answer_(answer) {}
  bool Receive(const RecordPlan& plan, SeenCalls& seen);
  bool Send(uint64_t id);
  sys::Fd fd_;
  std::vector<char> question_, answer_;
  std::vector<uint64_t> waiting_;
};

}  // namespace ctool::seccomp
