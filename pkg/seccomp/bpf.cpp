// SPDX-License-Identifier: Apache-2.0
//
// From decisions to classic BPF: for each architecture a binary search over segments of call
// numbers, whose branches end in shared returns. A call costs 8 or so comparisons, and none when
// its answer does not depend on arguments (the kernel works that out beforehand, Linux 5.11).
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>

#include "seccomp/seccomp_internal.hpp"

namespace ctool::seccomp {
namespace {

constexpr uint32_t kArchOffset = offsetof(seccomp_data, arch);
constexpr uint32_t kNumberOffset = offsetof(seccomp_data, nr);
constexpr uint32_t kX32Bit = 0x40000000;

uint32_t ArgOffset(uint32_t index, bool high_half) {
  constexpr bool kBig = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  return static_cast<uint32_t>(offsetof(seccomp_data, args)) + 8 * index +
         (high_half != kBig ? 4 : 0);
}

// Writes a program from its end to its start: BPF only jumps forward, so every target is known
// when a jump to it is written. A place is the number of instructions from there to the end.
class Assembler {
 public:
  using Place = size_t;

  // A return of `action`, an old one if it is still in reach of a conditional jump.
  Place Return(uint32_t action) {
    for (size_t i = code_.size(); i-- > 0 && code_.size() - i <= kReach;)
      if (IsReturn(code_[i]) && code_[i].k == action) return i + 1;
    return Put({BPF_RET | BPF_K, 0, 0, action});
  }

  Place Branch(uint16_t test, uint32_t k, Place if_true, Place if_false) {
    // Bringing one target near may put the other out of reach: with room for both.
    if_true = Near(if_true);
    if_false = Near(if_false);
    return Put({static_cast<uint16_t>(BPF_JMP | test | BPF_K), Distance8(if_true),
                Distance8(if_false), k});
  }

  // Loads a word of seccomp_data, cuts it to `mask` and goes on at `then`.
  Place Load(uint32_t offset, uint32_t mask, Place then) {
    if (then != code_.size()) PutJump(then);
    if (mask != UINT32_MAX) Put({BPF_ALU | BPF_AND | BPF_K, 0, 0, mask});
    return Put({BPF_LD | BPF_W | BPF_ABS, 0, 0, offset});
  }

  std::vector<sock_filter> Finish() && {
    std::reverse(code_.begin(), code_.end());
    return std::move(code_);
  }
  size_t size() const { return code_.size(); }

 private:
  static constexpr size_t kReach = 250;  // of the 255 that jt and jf can say: Near may put two

  static bool IsReturn(const sock_filter& f) { return f.code == (BPF_RET | BPF_K); }
  Place Put(sock_filter instruction) {
    code_.push_back(instruction);
    return code_.size();
  }
  void PutJump(Place to) {
    Put({BPF_JMP | BPF_JA, 0, 0, static_cast<uint32_t>(code_.size() - to)});
  }
  uint8_t Distance8(Place to) const { return static_cast<uint8_t>(code_.size() - to); }
  Place Near(Place to) {
    if (code_.size() - to <= kReach) return to;
    if (IsReturn(code_[to - 1])) return Put(code_[to - 1]);
    PutJump(to);
    return code_.size();
  }

  std::vector<sock_filter> code_;  // backwards
};
using Place = Assembler::Place;

Place Check(Assembler& a, const ArgCheck& arg, Place holds, Place fails) {
  const bool masked = arg.op == Op::kMaskedEqual;
  const uint64_t value = masked ? arg.value_two : arg.value, mask = masked ? arg.value : UINT64_MAX;
  const auto high = static_cast<uint32_t>(value >> 32), low = static_cast<uint32_t>(value);
  const auto mask_high = static_cast<uint32_t>(mask >> 32), mask_low = static_cast<uint32_t>(mask);
  const uint32_t high_word = ArgOffset(arg.index, true), low_word = ArgOffset(arg.index, false);

  // An order is decided by the high half, unless that is equal.
  const auto order = [&](Place above, Place below, uint16_t low_test) {
    const Place equal = a.Load(low_word, UINT32_MAX, a.Branch(low_test, low, above, below));
    const Place not_above = a.Branch(BPF_JEQ, high, equal, below);
    return a.Load(high_word, UINT32_MAX, a.Branch(BPF_JGT, high, above, not_above));
  };
  switch (arg.op) {
    case Op::kEqual:
    case Op::kMaskedEqual: {
      Place next = holds;
      if (mask_low != 0) next = a.Load(low_word, mask_low, a.Branch(BPF_JEQ, low, next, fails));
      if (mask_high != 0) next = a.Load(high_word, mask_high, a.Branch(BPF_JEQ, high, next, fails));
      return next;
    }
    case Op::kNotEqual: {
      const Place next = a.Load(low_word, UINT32_MAX, a.Branch(BPF_JEQ, low, fails, holds));
      return a.Load(high_word, UINT32_MAX, a.Branch(BPF_JEQ, high, next, holds));
    }
    case Op::kGreater: return order(holds, fails, BPF_JGT);
    case Op::kGreaterEqual: return order(holds, fails, BPF_JGE);
    case Op::kLess: return order(fails, holds, BPF_JGE);
    case Op::kLessEqual: return order(fails, holds, BPF_JGT);
  }
  return fails;
}

Place Leaf(Assembler& a, const Decision& decision) {
  Place next = a.Return(decision.action);
  for (auto clause = decision.clauses.rbegin(); clause != decision.clauses.rend(); ++clause) {
    Place holds = a.Return(clause->action);
    for (auto arg = clause->args.rbegin(); arg != clause->args.rend(); ++arg)
      holds = Check(a, *arg, holds, next);
    next = holds;
  }
  return next;
}

Place Search(Assembler& a, std::span<const Segment> segments) {
  if (segments.size() == 1) return Leaf(a, segments.front().decision);
  const size_t middle = segments.size() / 2;
  const Place upper = Search(a, segments.subspan(middle));
  const Place lower = Search(a, segments.first(middle));
  return a.Branch(BPF_JGE, segments[middle].first, upper, lower);
}

// All numbers of one audit architecture: the plain table and, on x86-64, x32's above it.
Place Numbers(Assembler& a, const Table& plain, const Table* x32) {
  if (plain.arch.audit != AUDIT_ARCH_X86_64)
    return a.Load(kNumberOffset, UINT32_MAX, Search(a, plain.segments));
  Place above;
  if (x32 != nullptr) {
    above = Search(a, x32->segments);
  } else {
    // -1 is what a tracer leaves for a call that it skips.
    const Place skipped = a.Return(plain.default_action);
    above = a.Branch(BPF_JEQ, UINT32_MAX, skipped, a.Return(SECCOMP_RET_KILL_PROCESS));
  }
  const Place below = Search(a, plain.segments);
  return a.Load(kNumberOffset, UINT32_MAX, a.Branch(BPF_JGE, kX32Bit, above, below));
}

}  // namespace

Result<std::vector<sock_filter>> Assemble(const std::vector<Table>& tables) {
  Assembler a;
  Place next = a.Return(SECCOMP_RET_KILL_PROCESS);
  // Backwards: the native architecture, which comes first, is tested first.
  for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
    if (table->arch.number_bit != 0) continue;
    const Table* x32 = nullptr;
    for (const Table& other : tables)
      if (other.arch.audit == table->arch.audit && other.arch.number_bit != 0) x32 = &other;
    next = a.Branch(BPF_JEQ, table->arch.audit, Numbers(a, *table, x32), next);
  }
  a.Load(kArchOffset, UINT32_MAX, next);
  if (a.size() > BPF_MAXINSNS)
    return Error(Code::kInvalidArgument, "seccomp profile: too large: " + std::to_string(a.size()) +
                                             " instructions, the kernel takes " +
                                             std::to_string(BPF_MAXINSNS));
  return std::move(a).Finish();
}

}  // namespace ctool::seccomp
