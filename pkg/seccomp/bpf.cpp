// SPDX-License-Identifier: Apache-2.0
//
// From decisions to classic BPF. For each architecture a binary search over segments of call
// numbers: the kernel runs 8 or so comparisons for a call, and works out beforehand (Linux 5.11)
// for which calls the answer does not depend on arguments.
#include <linux/seccomp.h>

#include <cstddef>

#include "seccomp/internal.hpp"

namespace ctool::seccomp {
namespace {

using Code16 = uint16_t;
using Program = std::vector<sock_filter>;

constexpr uint32_t kArchOffset = offsetof(seccomp_data, arch);
constexpr uint32_t kNumberOffset = offsetof(seccomp_data, nr);

uint32_t ArgOffset(uint32_t index, bool high_half) {
  constexpr bool kBig = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  return static_cast<uint32_t>(offsetof(seccomp_data, args)) + 8 * index + (high_half != kBig ? 4 : 0);
}

sock_filter Load(uint32_t offset) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset}; }
sock_filter Return(uint32_t action) { return {BPF_RET | BPF_K, 0, 0, action}; }
sock_filter Jump(size_t distance) {
  return {BPF_JMP | BPF_JA, 0, 0, static_cast<uint32_t>(distance)};
}
sock_filter Branch(Code16 test, uint32_t k, uint8_t if_true, uint8_t if_false) {
  return {static_cast<Code16>(BPF_JMP | test | BPF_K), if_true, if_false, k};
}

void Append(Program& to, const Program& part) { to.insert(to.end(), part.begin(), part.end()); }

// Jump targets inside a condition, replaced when its length, and its clause's, is known.
constexpr uint8_t kHolds = 254, kFails = 255;

// Code that goes on behind itself (kHolds) or leaves the clause (kFails).
Program Check(const ArgCheck& arg) {
  const bool masked = arg.op == Op::kMaskedEqual;
  const uint64_t value = masked ? arg.value_two : arg.value, mask = masked ? arg.value : UINT64_MAX;
  const auto high = static_cast<uint32_t>(value >> 32), low = static_cast<uint32_t>(value);
  const auto mask_high = static_cast<uint32_t>(mask >> 32), mask_low = static_cast<uint32_t>(mask);
  Program p;
  const auto load = [&p, &arg](bool high_half, uint32_t bits) {
    p.push_back(Load(ArgOffset(arg.index, high_half)));
    if (bits != UINT32_MAX) p.push_back({BPF_ALU | BPF_AND | BPF_K, 0, 0, bits});
  };
  // An order is decided by the high half, unless that is equal.
  const auto order = [&](uint8_t above, uint8_t below, Code16 low_test) {
    load(true, UINT32_MAX);
    p.push_back(Branch(BPF_JGT, high, above, 0));
    p.push_back(Branch(BPF_JEQ, high, 0, below));
    load(false, UINT32_MAX);
    p.push_back(Branch(low_test, low, above, below));
  };
  switch (arg.op) {
    case Op::kEqual:
    case Op::kMaskedEqual:
      if (mask_high != 0) {
        load(true, mask_high);
        p.push_back(Branch(BPF_JEQ, high, 0, kFails));
      }
      if (mask_low != 0) {
        load(false, mask_low);
        p.push_back(Branch(BPF_JEQ, low, 0, kFails));
      }
      break;
    case Op::kNotEqual:
      load(true, UINT32_MAX);
      p.push_back(Branch(BPF_JEQ, high, 0, kHolds));
      load(false, UINT32_MAX);
      p.push_back(Branch(BPF_JEQ, low, kFails, 0));
      break;
    case Op::kGreater: order(kHolds, kFails, BPF_JGT); break;
    case Op::kGreaterEqual: order(kHolds, kFails, BPF_JGE); break;
    case Op::kLess: order(kFails, kHolds, BPF_JGE); break;
    case Op::kLessEqual: order(kFails, kHolds, BPF_JGT); break;
  }
  return p;
}

void Patch(Program& p, uint8_t mark) {
  for (size_t i = 0; i < p.size(); ++i) {
    const auto distance = static_cast<uint8_t>(p.size() - i - 1);
    if (BPF_CLASS(p[i].code) != BPF_JMP) continue;
    if (p[i].jt == mark) p[i].jt = distance;
    if (p[i].jf == mark) p[i].jf = distance;
  }
}

// At most 24 conditions of 5 instructions each: every distance stays below the two marks.
Program Leaf(const Decision& decision) {
  Program leaf;
  for (const Clause& clause : decision.clauses) {
    Program p;
    for (const ArgCheck& arg : clause.args) {
      Program check = Check(arg);
      Patch(check, kHolds);
      Append(p, check);
    }
    p.push_back(Return(clause.action));
    Patch(p, kFails);
    Append(leaf, p);
  }
  leaf.push_back(Return(decision.action));
  return leaf;
}

// Both branches behind a test; a conditional jump reaches 255 instructions, BPF_JA all.
Program Fork(Code16 test, uint32_t k, const Program& if_true, const Program& if_false) {
  Program p;
  if (if_false.size() <= UINT8_MAX) {
    p.push_back(Branch(test, k, static_cast<uint8_t>(if_false.size()), 0));
  } else {
    p.push_back(Branch(test, k, 0, 1));
    p.push_back(Jump(if_false.size()));
  }
  Append(p, if_false);
  Append(p, if_true);
  return p;
}

Program Search(std::span<const Segment> segments) {
  if (segments.size() == 1) return Leaf(segments.front().decision);
  const size_t middle = segments.size() / 2;
  return Fork(BPF_JGE, segments[middle].first, Search(segments.subspan(middle)),
              Search(segments.first(middle)));
}

// The tables that share one audit value: a plain one, on x86-64 perhaps with x32 above it.
Program Numbers(const Table& plain, const Table* above) {
  Program p{Load(kNumberOffset)};
  Program numbers = Search(plain.segments);
  constexpr uint32_t kX32Bit = 0x40000000;
  if (above != nullptr) {
    numbers = Fork(BPF_JGE, kX32Bit, Search(above->segments), numbers);
  } else if (plain.arch.audit == 0xC000003E) {  // x86-64 without x32
    // -1 is what a tracer leaves for a call that it skips.
    const Program foreign = Fork(BPF_JEQ, UINT32_MAX, {Return(plain.segments.front().decision.action)},
                                 {Return(SECCOMP_RET_KILL_PROCESS)});
    numbers = Fork(BPF_JGE, kX32Bit, foreign, numbers);
  }
  Append(p, numbers);
  return p;
}

}  // namespace

Result<std::vector<sock_filter>> Assemble(const std::vector<Table>& tables) {
  Program rest{Return(SECCOMP_RET_KILL_PROCESS)};
  // Backwards, so that the native architecture, which comes first, is tested first.
  for (size_t i = tables.size(); i-- > 0;) {
    const Table& table = tables[i];
    if (table.arch.number_bit != 0) continue;
    const Table* above = nullptr;
    for (const Table& other : tables)
      if (other.arch.audit == table.arch.audit && other.arch.number_bit != 0) above = &other;
    rest = Fork(BPF_JEQ, table.arch.audit, Numbers(table, above), rest);
  }
  Program program{Load(kArchOffset)};
  Append(program, rest);
  if (program.size() > BPF_MAXINSNS)
    return Error(Code::kInvalidArgument,
                 "seccomp profile: too large: " + std::to_string(program.size()) +
                     " instructions, the kernel takes " + std::to_string(BPF_MAXINSNS));
  return program;
}

}  // namespace ctool::seccomp
