// SPDX-License-Identifier: Apache-2.0
// Who comes into the container from outside, as an exec session does, is a program of the host for a moment. This looks for
// such programs (/proc/PID/exe) and whether they could ever be written to (CVE-2019-5736): a copy in memory that is sealed
// could not, a file of the host's could, once it does not run any more.
//   grab SECONDS    "foreign N unsealed M"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <set>
#include <string>
#include <utility>

namespace {

// Not the file that the container knows by this name.
bool Foreign(const std::string& link, const struct stat& st) {
  char target[4096] = {};
  struct stat here = {};
  if (::readlink(link.c_str(), target, sizeof target - 1) < 0) return false;
  return ::stat(target, &here) != 0 || here.st_dev != st.st_dev || here.st_ino != st.st_ino;
}

}  // namespace

int main(int argc, char** argv) {
  const std::time_t end = std::time(nullptr) + (argc > 1 ? std::atoi(argv[1]) : 10);
  std::set<std::pair<dev_t, ino_t>> foreign;
  int unsealed = 0;
  while (std::time(nullptr) < end) {
    DIR* proc = ::opendir("/proc");
    while (const dirent* entry = ::readdir(proc)) {
      if (std::atoi(entry->d_name) <= 0) continue;
      const std::string link = "/proc/" + std::string(entry->d_name) + "/exe";
      const int fd = ::open(link.c_str(), O_RDONLY | O_CLOEXEC);
      struct stat st = {};
      if (fd >= 0 && ::fstat(fd, &st) == 0 && Foreign(link, st) && foreign.insert({st.st_dev, st.st_ino}).second) {
        const int seals = ::fcntl(fd, F_GET_SEALS);
        unsealed += seals < 0 || (seals & F_SEAL_WRITE) == 0 ? 1 : 0;
      }
      ::close(fd);
    }
    ::closedir(proc);
  }
  std::printf("foreign %zu unsealed %d\n", foreign.size(), unsealed);
  return 0;
}
