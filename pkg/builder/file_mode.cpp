// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "base/text.hpp"
#include "builder/copy_item.hpp"

namespace ctool::builder {
namespace {

// One "ugo+rwX" of a symbolic mode.
struct Clause {
  mode_t who = 0;  // bits that it may change
  char operation = 0;
  mode_t bits = 0;
  bool execute_if_any = false;  // X
};

mode_t Bit(char c) {
  switch (c) {
    case 'r': return 0444;
    case 'w': return 0222;
    case 'x': return 0111;
    case 's': return 06000;
    case 't': return 01000;
    default: return 0;
  }
}

mode_t Who(char c) {
  switch (c) {
    case 'u': return 04700;
    case 'g': return 02070;
    case 'o': return 01007;
    case 'a': return 07777;
    default: return 0;
  }
}

std::optional<Clause> ParseClause(const std::string& text) {
  Clause clause;
  size_t at = 0;
  for (; at < text.size() && Who(text[at]) != 0; ++at) clause.who |= Who(text[at]);
  if (clause.who == 0) clause.who = 07777;
  if (at >= text.size() || std::string_view("+-=").find(text[at]) == std::string_view::npos) return std::nullopt;
  clause.operation = text[at++];
  for (; at < text.size(); ++at) {
    if (text[at] == 'X') clause.execute_if_any = true;
    else if (Bit(text[at]) != 0) clause.bits |= Bit(text[at]);
    else return std::nullopt;
  }
  return clause;
}

mode_t Apply(const Clause& clause, mode_t mode, bool directory) {
  mode_t bits = clause.bits;
  if (clause.execute_if_any && (directory || (mode & 0111) != 0)) bits |= 0111;
  bits &= clause.who;
  if (clause.operation == '+') return mode | bits;
  if (clause.operation == '-') return mode & ~bits;
  return (mode & ~clause.who) | bits;
}

}  // namespace

Result<std::function<mode_t(mode_t mode, bool directory)>> ParseMode(const std::string& text) {
  using Mode = std::function<mode_t(mode_t, bool)>;
  if (text.empty()) return Mode();
  constexpr size_t kDigits = 5;
  if (text.size() <= kDigits && text.find_first_not_of("01234567") == std::string::npos) {
    const auto mode = static_cast<mode_t>(std::stoul(text, nullptr, 8) & 07777);
    return Mode([mode](mode_t, bool) { return mode; });
  }
  std::vector<Clause> clauses;
  for (const std::string& part : Split(text, ',')) {
    const std::optional<Clause> clause = ParseClause(part);
    if (!clause) return Error(Code::kInvalidArgument, "invalid chmod parameter " + Quote(text) + ": wanted an octal mode such as 0755, or clauses such as u=rwX,go=rX");
    clauses.push_back(*clause);
  }
  return Mode([clauses](mode_t mode, bool directory) {
    for (const Clause& clause : clauses) mode = Apply(clause, mode, directory);
    return mode;
  });
}

}  // namespace ctool::builder
