// SPDX-License-Identifier: Apache-2.0
#include "ctool/exit_status.hpp"

#include "base/text.hpp"

namespace ctool {

int ExitStatus(const Error& error, std::string_view command) {
  const size_t blank = command.rfind(' ');
  const std::string_view verb = blank == std::string_view::npos ? command : command.substr(blank + 1);
  const std::string_view group = command.substr(0, blank);
  const bool plain = group == "artifact" || group == "secret";  // podman knows one status for them
  const bool removes = !plain && (verb == "rm" || verb == "rmi" || verb == "remove");
  switch (error.code()) {
    case Code::kNotExecutable: return 126;
    case Code::kNoCommand: return 127;
    case Code::kNotFound: return removes ? 1 : 125;
    case Code::kBusy: return removes ? 2 : verb == "exec" ? 255 : 125;
    default: return 125;
  }
}

}  // namespace ctool
