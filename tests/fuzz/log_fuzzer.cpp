// SPDX-License-Identifier: Apache-2.0
//
// A container's log, which a killed monitor has torn and anybody may have written to, and the journal's export format.
// What is cut into lines is what was put in; what is parsed lies in it; the tail begins where the lines are.
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "engine/journal_export.hpp"
#include "engine/k8s_log.hpp"
#include "engine/log_tail_internal.hpp"
#include "fuzz.hpp"
#include "sys/file.hpp"

using namespace ctool;          // NOLINT: one small program
using namespace ctool::engine;  // NOLINT

namespace {

// Entries at or behind `from` of their stream, and whether the last of a stream goes on.
size_t Cut(std::string_view text, size_t step, const std::array<uint64_t, 2>& from) {
  LineCutter cutter;
  size_t entries = 0, bytes = 0;
  while (bytes < text.size()) {
    size_t size = 0;
    char* to = cutter.Space(size);
    CHECK(size > 0);
    size = std::min({size, step, text.size() - bytes});
    std::memcpy(to, text.data() + bytes, size);
    cutter.Filled(size);
    bytes += size;
    for (uint64_t begin = cutter.position();; begin = cutter.position()) {
      const std::optional<std::string_view> line = cutter.Next();
      if (!line) break;
      CHECK(text.substr(begin, line->size()) == *line);
      const std::optional<LogEntry> entry = ParseLogLine(*line);
      if (entry) CHECK(entry->text.size() < line->size());
      entries += entry && begin >= from[entry->is_stderr];
    }
  }
  CHECK(cutter.Rest().size() + cutter.position() == text.size());
  return entries;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = Text(data, size);
  const size_t all = Cut(text, size + 1, {0, 0});
  CHECK(all == Cut(text, 7, {0, 0}));
  std::deque<sys::Fd> parts;
  parts.emplace_back(::memfd_create("log", MFD_CLOEXEC));
  CHECK(sys::WriteAll(parts[0].get(), text, "log").ok());
  size_t before = 0;
  for (const int64_t lines : {0, 1, 2, 5, 1000000}) {
    const size_t found = Cut(text, size + 1, FindTail(parts, lines).value());
    CHECK(found >= before && found <= all);
    CHECK(lines != 0 || found == 0);
    before = found;
  }
  CHECK(before == all);
  std::string_view rest = text;
  for (size_t left = rest.size() + 1; TakeJournalEntry(rest); left = rest.size()) CHECK(rest.size() < left);
  return 0;
}
