// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/command.hpp"

namespace ctool::cli {

// True for an option that stands without a value: a flag, or one with an implied value.
bool StandsAlone(const Option& option);
bool IsFlag(const Option& option);        // a bool
bool IsRepeatable(const Option& option);  // each occurrence adds something

// Puts one occurrence of a value into the option's sink. `first`: a list loses its defaults.
// Errors: kInvalidArgument with pflag's words for what is wrong with the value.
Status Store(const Option& option, std::string_view text, bool first);

// What --help calls the value: Option::value, or pflag's name of the sink's type ("string").
std::string_view ValueName(const Option& option);

// The default as --help shows it (`"missing"`, `10`): Option::def, or what the untouched sink
// holds; "" for none.
std::string DefaultText(const Option& option);

// One line of CSV, as pflag splits "a,b" and "\"a,b\",c".
Result<std::vector<std::string>> SplitComma(std::string_view text);

// Go's text of a duration: "1h30m0s".
std::string DurationText(int64_t nanos);

}  // namespace ctool::cli
