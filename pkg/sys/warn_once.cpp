// SPDX-License-Identifier: Apache-2.0
#include "sys/warn_once.hpp"

#include <fcntl.h>

#include <cerrno>

#include "base/log.hpp"
#include "sys/fd.hpp"

namespace ctool::sys {

void WarnOnce(const std::string& run_root, std::string_view what, const std::string& text) {
  const std::string file = run_root + "/" + kSaidPrefix + std::string(what);
  const Fd made(run_root.empty() ? -1 : ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!made && !run_root.empty() && errno == EEXIST) return Debug(text);
  Warn(made ? text + " (said once; ctool doctor shows it)" : text);
}

}  // namespace ctool::sys
