// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool {

// --error-format: how errors are printed from now on.
void SetErrorsAsJson(bool json);
bool ErrorsAreJson();

// "not-found": what programs go by.
std::string_view CodeName(Code code);

// {"error":"...","hint":"...","code":"..."}
std::string ErrorAsJson(std::string_view error, std::string_view hint, std::string_view code);

// The same of what the parser of options has to say: "Error: text", and behind it what to look at.
std::string UsageAsJson(std::string_view text);

}  // namespace ctool
