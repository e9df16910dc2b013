// SPDX-License-Identifier: Apache-2.0
// Prints who it runs as and with which capabilities.
#include <unistd.h>

#include <cstdio>
#include <cstring>

int main() {
  std::printf("uid %u euid %u gid %u egid %u\n", getuid(), geteuid(), getgid(), getegid());
  std::FILE* status = std::fopen("/proc/self/status", "re");
  if (status == nullptr) return 1;
  char line[512];
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::strncmp(line, "Cap", 3) == 0) std::fputs(line, stdout);
  }
  std::fclose(status);
  return 0;
}
