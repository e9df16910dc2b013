// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "ctool/context.hpp"
#include "ctool/error_format.hpp"
#include "doctor/doctor.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool {

bool PrintRaw(const Context& context, std::string_view bytes) {
  // A reader that went away (head) is its own business.
  if (!context.no_out && !sys::WriteAll(STDOUT_FILENO, bytes, "stdout").ok()) return false;
  if (context.out_file.empty()) return true;
  const Result<sys::Fd> file = sys::Open(context.out_file, O_WRONLY | O_CREAT | O_APPEND, 0644);
  const Status copied = file.ok() ? sys::WriteAll(file->get(), bytes, context.out_file) : Status(file.error());
  if (!copied.ok()) PrintError(copied.error());
  return true;
}

void PrintLine(const Context& context, std::string_view line) {
  PrintRaw(context, std::string(line) + "\n");
}

bool ShowPage(const Context& context, std::string_view page) {
  if (page.empty() || context.no_out || !context.out_file.empty()) return false;
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) return false;
  const char* path = std::getenv("PATH");
  const Result<std::string> man = sys::FindProgram("man", path == nullptr ? "" : path);
  const sys::Fd file(::memfd_create("page", MFD_CLOEXEC));
  if (!man.ok() || file.get() < 0 || !sys::WriteAll(file.get(), page, "the page").ok()) return false;
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return false;
  const sys::Fd terminal(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (terminal.get() < 0 || ::dup2(file.get(), STDIN_FILENO) < 0) return false;
  ::execl(man->c_str(), "man", "-l", "-", nullptr);
  return ::dup2(terminal.get(), STDIN_FILENO) < 0;  // man is no program after all
}

void PrintError(const Error& error) {
  const std::string hint = error.hint().empty() ? doctor::HintFor(error) : error.hint();
  if (ErrorsAreJson()) {
    const std::string line = ErrorAsJson(error.Message(), hint, CodeName(error.code()));
    if (!sys::WriteAll(STDERR_FILENO, line, "stderr").ok()) return;  // nowhere to say it
    return;
  }
  std::string text = "Error: " + Printable(error.Message()) + "\n";
  if (!hint.empty()) text += "hint: " + Printable(hint) + "\n";
  if (!sys::WriteAll(STDERR_FILENO, text, "stderr").ok()) return;  // nowhere to say it
}

void Several::Add(Status status) {
  if (status.ok()) return;
  if (last_) PrintError(*last_);
  last_ = std::move(status).error();
}

Result<int> Several::Finish() {
  if (last_) return std::move(*last_);
  return 0;
}

}  // namespace ctool
