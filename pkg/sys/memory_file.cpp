// SPDX-License-Identifier: Apache-2.0
#include "sys/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "sys/file.hpp"

namespace ctool::sys {

Result<Fd> MemoryFile(const char* what) {
  Fd memory(::memfd_create(what, MFD_CLOEXEC));
  if (memory) return memory;
  const int err = errno;
  const char* const chosen = std::getenv("TMPDIR");
  if (err == ENOSYS || err == EPERM) memory = Fd(::open(chosen != nullptr && *chosen == '/' ? chosen : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!memory) return Error::Sys(err, "memfd_create", what);
  return memory;
}

Result<Fd> MemoryFile(const char* what, std::string_view content) {
  Fd memory = TRY(MemoryFile(what));
  TRY(WriteAll(memory.get(), content, what));
  if (::lseek(memory.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek", what);
  return memory;
}

}  // namespace ctool::sys
