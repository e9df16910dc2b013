// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "archive/stream.hpp"
#include "base/result.hpp"
#include "engine/interrupt.hpp"
#include "sys/fd.hpp"

namespace ctool::engine {

// What a command reads an archive from, opened by the invoking user: inside the user namespace files that only a group
// may read could not be opened.
struct Input {
  std::string url;   // else `file`
  sys::Fd file;
  std::string what;  // for messages
};

// "http://...", "https://...", "-" for the standard input, or a path. A terminal is refused by the caller.
Result<Input> FindInput(const std::string& source);

// The input as a stream that ends soon after the interrupt, also while nothing comes.
Result<std::unique_ptr<archive::Source>> OpenInput(const Input& input, const Interrupt& interrupt);

}  // namespace ctool::engine
