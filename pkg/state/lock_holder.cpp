// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdio>

#include "base/text.hpp"
#include "state/connection_internal.hpp"
#include "sys/file.hpp"

namespace ctool::state {

// Asking through fcntl(F_GETLK) would need a descriptor, and closing one drops SQLite's own locks
// on that file (fcntl(2)).
std::string DescribeLockHolder(const std::string& path) {
  struct stat st {};
  Result<std::string> locks = sys::ReadFile("/proc/locks");
  if (!locks.ok() || ::stat(path.c_str(), &st) < 0) return "";
  char key[64];
  std::snprintf(key, sizeof key, "%02x:%02x:%llu", major(st.st_dev), minor(st.st_dev),
                static_cast<unsigned long long>(st.st_ino));
  // "1: FLOCK  ADVISORY  WRITE 812 fe:00:1573 0 EOF"; one that waits has "->" as second word.
  for (const std::string& line : Split(*locks, '\n')) {
    std::vector<std::string> words = Split(line, ' ');
    words.erase(std::remove(words.begin(), words.end(), ""), words.end());
    if (words.size() < 6 || words[3] != "WRITE" || words[5] != key) continue;
    std::string text = " (held by process " + words[4];
    Result<std::string> command = sys::ReadFile("/proc/" + words[4] + "/cmdline");
    if (command.ok()) {
      std::replace(command->begin(), command->end(), '\0', ' ');
      text += ", '" + Printable(Trim(command->substr(0, 200))) + "'";
    }
    return text + ")";
  }
  return "";
}

}  // namespace ctool::state
