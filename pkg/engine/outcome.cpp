// SPDX-License-Identifier: Apache-2.0
#include "engine/outcome.hpp"

#include "base/text.hpp"

namespace ctool::engine {
namespace {

// Three fields, each with its length in front, and a mark at the end: a value may hold anything.
constexpr std::string_view kEnd = "end\n";

void Append(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out += ' ';
  out += field;
}

bool Take(std::string_view& from, std::string& field) {
  const size_t blank = from.find(' ');
  if (blank == std::string_view::npos) return false;
  const std::optional<uint64_t> size = ParseUint(from.substr(0, blank));
  from.remove_prefix(blank + 1);
  if (!size || *size > from.size()) return false;
  field = from.substr(0, *size);
  from.remove_prefix(*size);
  return true;
}

}  // namespace

std::string EncodeOutcome(const Result<std::string>& outcome) {
  std::string out;
  if (outcome.ok()) {
    Append(out, "ok");
    Append(out, *outcome);
    Append(out, "");
  } else {
    Append(out, std::to_string(static_cast<int>(outcome.error().code())));
    Append(out, outcome.error().Message());
    Append(out, outcome.error().hint());
  }
  return out.append(kEnd);
}

Result<std::string> DecodeOutcome(std::string_view text) {
  std::string kind, value, hint;
  if (!Take(text, kind) || !Take(text, value) || !Take(text, hint) || text != kEnd)
    return Error(Code::kInternal, "the process that was to do it died early");
  if (kind == "ok") return value;
  const std::optional<int64_t> code = ParseInt(kind);
  const bool known = code && *code >= 0 && *code <= static_cast<int64_t>(Code::kInternal);
  Error error(known ? static_cast<Code>(*code) : Code::kInternal, value);
  if (!hint.empty()) return std::move(error).Hint(hint);
  return error;
}

}  // namespace ctool::engine
