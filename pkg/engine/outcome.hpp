// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::engine {

// A Result on its way from one process to another: code, text and hint arrive as they were.
std::string EncodeOutcome(const Result<std::string>& outcome);
// kInternal when `text` is no whole outcome: the other process died before it could say anything.
Result<std::string> DecodeOutcome(std::string_view text);

}  // namespace ctool::engine
