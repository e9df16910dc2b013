// SPDX-License-Identifier: Apache-2.0
//
// The kernel's interpreter of seccomp programs, for asking a filter about calls of any
// architecture.
#pragma once

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "seccomp/seccomp.hpp"

namespace ctool::seccomp {

using Args = std::array<uint64_t, 6>;

inline const std::vector<std::string> kDefaultCaps = {
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
    "CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",   "CAP_SETGID",
    "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};

// What the program answers; a jump out of the program or an unknown instruction fails the test.
inline uint32_t Simulate(const std::string& program, uint32_t arch, uint32_t number,
                         Args args = {}) {
  std::vector<sock_filter> code(program.size() / sizeof(sock_filter));
  std::memcpy(code.data(), program.data(), program.size());
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch;
  std::copy(args.begin(), args.end(), data.args);
  uint32_t a = 0;
  for (size_t at = 0; at < code.size(); ++at) {
    const sock_filter& f = code[at];
    switch (f.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + f.k, sizeof a);
        break;
      case BPF_ALU | BPF_AND | BPF_K: a &= f.k; break;
      case BPF_JMP | BPF_JA: at += f.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += a == f.k ? f.jt : f.jf; break;
      case BPF_JMP | BPF_JGT | BPF_K: at += a > f.k ? f.jt : f.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += a >= f.k ? f.jt : f.jf; break;
      case BPF_RET | BPF_K: return f.k;
      default: ADD_FAILURE() << "instruction " << f.code; return 0;
    }
  }
  ADD_FAILURE() << "ran off the end";
  return 0;
}

inline std::string MustCompile(std::string_view json, const std::vector<std::string>& caps = {}) {
  const Result<Profile> profile = ParseProfile(json);
  if (!profile.ok()) {
    ADD_FAILURE() << profile.error().Message();
    return "";
  }
  const Result<std::string> program = Compile(*profile, caps);
  if (program.ok()) return *program;
  ADD_FAILURE() << program.error().Message();
  return "";
}

}  // namespace ctool::seccomp
