// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool {

// --profile: the marks of this program and of those that it starts, in a file in memory.
class Profile {
 public:
  static Result<Profile> Begin(const char* source);
  // The time line, in milliseconds since the beginning.
  Result<std::string> Text() const;
  static std::string Render(std::string_view marks);

 private:
  explicit Profile(sys::Fd file) : file_(std::move(file)) {}
  sys::Fd file_;
};

}  // namespace ctool
