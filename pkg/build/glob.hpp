// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "build/wildcard.hpp"

namespace ctool::build {

// Whether ** crosses directories (the ignore file, --exclude, COPY --parents) or is two *.
enum class DoubleStar { kPlain, kDirectories };

// A pattern of Go's filepath.Match: * and ? within a name, [a-z] [^a-z], \ before a plain character.
// A class may take a '/', as it does there.
class Glob {
 public:
  static Result<Glob> Compile(std::string_view pattern, DoubleStar double_star);
  bool Matches(std::string_view path) const;

 private:
  std::vector<Token> tokens_;
};

// Whether a text is a pattern at all: has one of * ? [ and \ in it.
bool HasWildcards(std::string_view text);

}  // namespace ctool::build
