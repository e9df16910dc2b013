// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "build/glob.hpp"

namespace ctool::build {

// .containerignore and .dockerignore: which paths of a context are left out.
class IgnoreList {
 public:
  // `file` is for messages. kInvalidArgument names file and line of a pattern that is none.
  static Result<IgnoreList> Parse(std::string_view file, std::string_view text);
  // The same rules for patterns without a file: --exclude.
  static Result<IgnoreList> Of(const std::vector<std::string>& patterns);

  // `path` is relative to the context, without "./" in front and '/' at the end. The last pattern
  // that matches it or one of its parents decides.
  bool Ignores(std::string_view path) const;
  // Whether something below the ignored directory `path` may be wanted again because of a '!'.
  bool MayWantBelow(std::string_view path) const;
  bool empty() const { return patterns_.empty(); }

 private:
  struct Pattern {
    std::string text;
    bool wanted = false;  // "!": takes out of what is ignored
    Glob glob;
  };
  Status Add(std::string_view written);

  std::vector<Pattern> patterns_;
};

// Go's path.Clean: the shortest lexical form; "." for nothing.
std::string CleanPath(std::string_view path);

}  // namespace ctool::build
