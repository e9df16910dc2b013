// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ctool::build {

// A place in the file; both count from 1, columns in bytes.
struct Location {
  int line = 0;
  int column = 0;
  bool operator==(const Location&) const = default;
};

// One instruction as it is understood: its physical lines without continuation marks and comments,
// joined. Knows where each byte of it stood.
class Line {
 public:
  void Append(std::string_view part, Location where);
  const std::string& text() const { return text_; }
  // Where the byte at `offset` stood; the end of the text is the place behind its last byte.
  Location At(size_t offset) const;
  int first_line() const { return parts_.empty() ? 0 : parts_.front().where.line; }

 private:
  struct Part {
    size_t offset;
    Location where;
  };
  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace ctool::build
