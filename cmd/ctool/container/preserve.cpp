// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "base/text.hpp"
#include "ctool/container/options.hpp"

namespace ctool {

void AddPreserveOptions(std::vector<cli::Option>& into, PreserveOptions& o) {
  into.push_back({.name = "preserve-fds", .value = "n", .help = "Pass n descriptors on, from number 3", .sink = &o.count});
  into.push_back({.name = "preserve-fd", .value = "fd", .help = "Pass this descriptor on, with the next number from 3", .sink = &o.fds, .comma = true});
}

Result<std::vector<int>> Preserved(const PreserveOptions& o) {
  std::vector<int> fds;
  constexpr int64_t kMost = 1000;
  if (o.count < 0 || o.count > kMost)
    return Error(Code::kInvalidArgument, "invalid number of descriptors to preserve: " + std::to_string(o.count));
  for (int fd = 3; fd < 3 + o.count; ++fd) fds.push_back(fd);
  for (const std::string& text : o.fds) {
    const std::optional<int64_t> fd = ParseInt(text);
    if (!fd || *fd < 3 || *fd > kMost) return Error(Code::kInvalidArgument, "invalid descriptor " + Quote(text) + " for --preserve-fd: wanted a number from 3");
    fds.push_back(static_cast<int>(*fd));
  }
  for (const int fd : fds)
    if (::fcntl(fd, F_GETFD) < 0)
      return Error(Code::kInvalidArgument, "file descriptor " + std::to_string(fd) + " is not available - the preserve-fds option requires that file descriptors must be passed");
  return fds;
}

}  // namespace ctool
