// SPDX-License-Identifier: Apache-2.0
//
// --user and the image's own passwd and group: the first line is the user, passwd goes up to an empty line.
#include <algorithm>

#include "fuzz.hpp"
#include "runtime/user.hpp"

using namespace ctool::runtime;  // NOLINT: one small program

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = Text(data, size);
  const std::string_view user = Cut(rest, '\n');
  const size_t gap = rest.find("\n\n");
  const std::string_view passwd = rest.substr(0, gap);
  const std::string_view group = gap == std::string_view::npos ? "" : rest.substr(gap + 2);
  const ctool::Result<ResolvedUser> found = ResolveUser(user, {"audio", "7"}, passwd, group);
  if (!found.ok()) return 0;
  CHECK(found->uid != UINT32_MAX && found->gid != UINT32_MAX);
  CHECK(std::find(found->groups.begin(), found->groups.end(), found->gid) != found->groups.end());
  CHECK(!found->home.empty() && found->home.find('\0') == std::string::npos);
  return 0;
}
