// SPDX-License-Identifier: Apache-2.0
#include "engine/journal_export.hpp"

#include "base/text.hpp"

namespace ctool::engine {
namespace {

// A field is "NAME=value\n", or "NAME\n", eight bytes of length (little endian), value, "\n".
struct Field {
  std::string_view name, value;
};

bool TakeField(std::string_view& data, Field& field) {
  const size_t newline = data.find('\n');
  if (newline == std::string_view::npos) return false;
  const std::string_view line = data.substr(0, newline);
  const size_t equals = line.find('=');
  if (line.empty() || equals != std::string_view::npos) {
    field = {line.substr(0, equals), line.empty() ? line : line.substr(equals + 1)};
    data.remove_prefix(newline + 1);
    return true;
  }
  const std::string_view rest = data.substr(newline + 1);
  if (rest.size() < 8) return false;
  uint64_t size = 0;
  for (size_t i = 8; i-- > 0;) size = size << 8 | static_cast<unsigned char>(rest[i]);
  if (size > rest.size() - 8 || rest.size() - 8 - size < 1) return false;
  field = {line, rest.substr(8, size)};
  data = rest.substr(8 + size + 1);
  return true;
}

// The time at which the container wrote it is better than that at which it was received.
void Apply(const Field& field, JournalEntry& entry) {
  constexpr uint64_t kMostMicros = INT64_MAX / 1000;
  if (field.name == "MESSAGE") entry.message = field.value;
  else if (field.name == "__CURSOR") entry.cursor = field.value;
  else if (field.name == "PRIORITY") entry.is_stderr = field.value == "3";
  else if (field.name == "CONTAINER_PARTIAL_MESSAGE") entry.partial = field.value == "true";
  else if (field.name == "_SOURCE_REALTIME_TIMESTAMP" || (field.name == "__REALTIME_TIMESTAMP" && entry.time == 0)) {
    const std::optional<uint64_t> micros = ParseUint(field.value);
    if (micros && *micros <= kMostMicros) entry.time = static_cast<int64_t>(*micros) * 1000;
  }
}

}  // namespace

std::optional<JournalEntry> TakeJournalEntry(std::string_view& data) {
  JournalEntry entry;
  bool has_fields = false;
  std::string_view rest = data;
  for (Field field; TakeField(rest, field);) {
    if (field.name.empty() && field.value.empty()) {
      data = rest;  // an empty line ends it
      if (has_fields) return entry;
      continue;
    }
    has_fields = true;
    Apply(field, entry);
  }
  return std::nullopt;
}

}  // namespace ctool::engine
