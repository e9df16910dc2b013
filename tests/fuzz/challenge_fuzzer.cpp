// SPDX-License-Identifier: Apache-2.0
//
// WWW-Authenticate as any server may send it, a header a line.
#include "fuzz.hpp"
#include "registry/challenge_internal.hpp"

using ctool::registry::Challenge;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string_view> headers;
  for (std::string_view rest = Text(data, size); !rest.empty();) headers.push_back(Cut(rest, '\n'));
  const ctool::Result<std::vector<Challenge>> challenges = ctool::registry::ParseChallenges(headers);
  if (!challenges.ok()) return 0;
  CHECK(challenges->size() <= 16);
  for (const Challenge& challenge : *challenges) {
    CHECK(!challenge.scheme.empty() && challenge.parameters.size() <= 64);
    for (const char c : challenge.scheme) CHECK(c < 'A' || c > 'Z');
    for (const auto& [name, value] : challenge.parameters) {
      CHECK(!name.empty());
      for (const char c : value) CHECK(static_cast<unsigned char>(c) >= 0x20 || c == '\t');
    }
  }
  return 0;
}
