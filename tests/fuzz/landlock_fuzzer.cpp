// SPDX-License-Identifier: Apache-2.0
//
// Rules of --security-opt landlock, or a file of them. What is taken means the same once printed and read again, which is
// how it comes to the container's init.
#include "base/log.hpp"
#include "fuzz.hpp"
#include "runtime/landlock.hpp"

using namespace ctool::runtime;  // NOLINT: one small program

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ctool::SetLogLevel(ctool::LogLevel::kError);
  Landlock rules, again;
  if (!rules.Add(Text(data, size)).ok()) return 0;
  for (const Landlock::Path& path : rules.paths) CHECK(path.path[0] == '/');
  CHECK(again.Add(rules.Print()).ok());
  CHECK(again.Print() == rules.Print());
  CHECK(again.paths.size() == rules.paths.size() && again.bind == rules.bind && again.connect == rules.connect);
  CHECK(again.limits_files == rules.limits_files && again.limits_bind == rules.limits_bind && again.limits_connect == rules.limits_connect);
  for (int abi = 0; abi < 8; ++abi) CHECK(rules.best_effort || !CheckLandlock(rules, abi).ok() || rules.empty() || abi >= 3);
  return 0;
}
