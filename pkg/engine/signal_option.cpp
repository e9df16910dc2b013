// SPDX-License-Identifier: Apache-2.0
#include "engine/signal_option.hpp"

#include "base/text.hpp"
#include "sys/signals.hpp"

namespace ctool::engine {

Result<int> ParseSignalOption(const std::string& typed) {
  const std::string text = StartsWith(typed, "-") ? typed.substr(1) : typed;
  if (const std::optional<int> signal = sys::ParseSignal(text)) return *signal;
  if (const std::optional<int64_t> number = ParseInt(text); number && *number != 0)
    return Error(Code::kInvalidArgument, "valid signals are 1 through 64");
  return Error(Code::kInvalidArgument, "invalid signal: " + Printable(text));
}

}  // namespace ctool::engine
