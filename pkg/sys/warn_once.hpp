// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ctool::sys {

// What a warning about the host leaves in the run folder, behind which stands what it was about.
inline constexpr char kSaidPrefix[] = "said-";

// Warns of something that this host can't do, the first time since it was booted: a file in `run_root` remembers. Later
// it is a debug message. Where the file can't be made it is said again.
void WarnOnce(const std::string& run_root, std::string_view what, const std::string& text);

}  // namespace ctool::sys
