// SPDX-License-Identifier: Apache-2.0
// cat FILE, for an image that holds it setgid: busybox gives such rights up.
#include <cstdio>

int main(int argc, char** argv) {
  std::FILE* file = argc == 2 ? std::fopen(argv[1], "re") : nullptr;
  if (file == nullptr) {
    std::perror("open");
    return 1;
  }
  for (int c = 0; (c = std::fgetc(file)) != EOF;) std::putchar(c);
  std::fclose(file);
  return 0;
}
