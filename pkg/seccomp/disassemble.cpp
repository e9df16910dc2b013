// SPDX-License-Identifier: Apache-2.0
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "seccomp/seccomp_internal.hpp"

namespace ctool::seccomp {
namespace {

std::string ActionName(uint32_t value) {
  const std::string data = std::to_string(value & SECCOMP_RET_DATA);
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_PROCESS: return "KILL_PROCESS";
    case SECCOMP_RET_KILL_THREAD: return "KILL_THREAD";
    case SECCOMP_RET_TRAP: return "TRAP";
    case SECCOMP_RET_ERRNO: return "ERRNO " + data;
    case SECCOMP_RET_TRACE: return "TRACE " + data;
    case SECCOMP_RET_LOG: return "LOG";
    case SECCOMP_RET_ALLOW: return "ALLOW";
    default: return std::to_string(value);
  }
}

std::string Line(const sock_filter& f) {
  std::array<char, 80> text{};
  const auto branch = [&](const char* name) {
    std::snprintf(text.data(), text.size(), "%s #0x%x, %u, %u", name, f.k, f.jt, f.jf);
  };
  switch (f.code) {
    case BPF_LD | BPF_W | BPF_ABS: std::snprintf(text.data(), text.size(), "ld [%u]", f.k); break;
    case BPF_ALU | BPF_AND | BPF_K:
      std::snprintf(text.data(), text.size(), "and #0x%x", f.k);
      break;
    case BPF_JMP | BPF_JA: std::snprintf(text.data(), text.size(), "ja %u", f.k); break;
    case BPF_JMP | BPF_JEQ | BPF_K: branch("jeq"); break;
    case BPF_JMP | BPF_JGT | BPF_K: branch("jgt"); break;
    case BPF_JMP | BPF_JGE | BPF_K: branch("jge"); break;
    case BPF_RET | BPF_K: return "ret " + ActionName(f.k);
    default: std::snprintf(text.data(), text.size(), "code 0x%x, 0x%x", f.code, f.k); break;
  }
  return text.data();
}

}  // namespace

std::string Disassemble(std::string_view program) {
  std::string text;
  for (; program.size() >= sizeof(sock_filter); program.remove_prefix(sizeof(sock_filter))) {
    sock_filter instruction{};
    std::memcpy(&instruction, program.data(), sizeof instruction);
    text.append(Line(instruction)).append(1, '\n');
  }
  return text;
}

}  // namespace ctool::seccomp
