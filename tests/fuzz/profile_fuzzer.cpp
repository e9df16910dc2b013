// SPDX-License-Identifier: Apache-2.0
//
// Seccomp profiles (--security-opt seccomp=FILE). What compiles is a program that the kernel would take for its
// shape: whole instructions, not too many, every jump inside it.
#include <linux/filter.h>

#include <algorithm>
#include <cstring>

#include "fuzz.hpp"
#include "seccomp/seccomp.hpp"

using namespace ctool::seccomp;  // NOLINT: one small program

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ctool::Result<Profile> profile = ParseProfile(Text(data, size));
  if (!profile.ok()) return 0;
  const ctool::Result<std::string> program = Compile(*profile, {"CAP_CHOWN", "CAP_NET_ADMIN"});
  if (!program.ok()) return 0;
  const size_t count = program->size() / sizeof(sock_filter);
  CHECK(program->size() % sizeof(sock_filter) == 0 && count > 0 && count <= BPF_MAXINSNS);
  for (size_t i = 0; i < count; ++i) {
    sock_filter op {};
    std::memcpy(&op, program->data() + i * sizeof op, sizeof op);
    if (BPF_CLASS(op.code) != BPF_JMP) continue;
    const size_t farthest = BPF_OP(op.code) == BPF_JA ? op.k : std::max(op.jt, op.jf);
    CHECK(i + 1 + farthest < count);
  }
  CHECK(!Disassemble(*program).empty());
  return 0;
}
