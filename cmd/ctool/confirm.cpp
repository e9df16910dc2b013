// SPDX-License-Identifier: Apache-2.0
#include "ctool/confirm.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>

namespace ctool {

// One line of stdin, byte by byte: what follows it is not ours to read.
Result<bool> Confirm(const Context& context, std::string_view warning) {
  PrintRaw(context, std::string(warning) + "Are you sure you want to continue? [y/N] ");
  std::string answer;
  for (char c = 0; c != '\n';) {
    const ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", "stdin");
    if (n == 0) return Error(Code::kIo, "EOF").Hint("nobody can answer the question: --force asks none");
    if (answer.empty()) answer += c;
  }
  return answer[0] == 'y' || answer[0] == 'Y';
}

}  // namespace ctool
