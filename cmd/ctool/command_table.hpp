// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "cli/dispatch.hpp"

namespace ctool {

// Every command of the program `ctool`, in one place: a static library drops what registers itself.
std::span<const cli::Entry> Entries();
std::span<const cli::Group> Groups();

}  // namespace ctool
