// SPDX-License-Identifier: Apache-2.0
// swap A B SECONDS: exchanges two names in a loop, the attacker in tests of check-then-use.
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::time_t end = std::time(nullptr) + std::atol(argv[3]);
  long rounds = 0;
  while (std::time(nullptr) < end) {
    for (int i = 0; i < 1000; ++i) {
      if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) != 0) {
        std::perror("renameat2");
        return 1;
      }
      ++rounds;
    }
  }
  std::printf("%ld exchanges\n", rounds);
  return 0;
}
