// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/value.hpp"

namespace ctool::cli {

// Go's package fmt over Values. Like it, these never fail: what is wrong with a format is said in
// the text ("%!d(string=x)").
std::string Sprintf(std::string_view format, std::span<const Value> args);
std::string Sprint(std::span<const Value> args);
std::string Sprintln(std::span<const Value> args);

// %v of one value: what `{{.Field}}` prints, but for a null without type ("<nil>" here).
std::string Text(const Value& value);

}  // namespace ctool::cli
