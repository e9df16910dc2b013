// SPDX-License-Identifier: Apache-2.0
#include "monitor/memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "base/log.hpp"
#include "base/result.hpp"

namespace ctool::monitor {
namespace {

// Segments that nobody writes to are as the file has them: dropping their pages loses nothing.
int DropSegments(dl_phdr_info* info, size_t, void*) {
  const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = (info->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const uintptr_t end = (info->dlpi_addr + segment.p_vaddr + segment.p_memsz) & ~(page - 1);
    if (begin < end && ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED) < 0)
      Debug(Error::Sys(errno, "madvise").Message());
  }
  return 0;
}

}  // namespace

void GiveBackMemory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(DropSegments, nullptr);
}

}  // namespace ctool::monitor
