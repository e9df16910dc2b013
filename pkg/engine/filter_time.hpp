// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace ctool::engine {

// What until= takes, as wall ns: a Go duration before now ("10m"), a date or time of RFC 3339 from whose end
// parts may be missing ("2006-01-02T15:04"), local without a zone, or seconds since 1970 ("1136073600.5").
Result<int64_t> ParseFilterTime(const std::string& text);

}  // namespace ctool::engine
