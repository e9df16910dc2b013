// SPDX-License-Identifier: Apache-2.0
//
// What several programs of ours have to say about one command, in one stream: debug messages that name their program, and
// the moments of --profile.
#pragma once

#include <string_view>

namespace ctool {

// What this process is called in debug messages and profiles: "ctool", "images", "monitor", "init". A literal.
void SetSource(const char* source);
const char* Source();

// The variables by which programs that we start learn what the command was asked for.
inline constexpr char kLogLevelVariable[] = "CTOOL_LOG_LEVEL";  // "debug" or "trace"
inline constexpr char kProfileVariable[] = "CTOOL_PROFILE";     // a file; see Mark
// Does what they say, and takes them out of the environment.
void FollowParent(const char* source);

// Marks go to `fd` from now on.
void SetProfile(int fd);
// The command is served: what we do later is not a part of it. Closes the file.
void EndProfile();

// A phase of the command has ended: its name to the profile, as a line "NANOSECONDS SOURCE PHASE", and to the debug log.
// Nothing but two comparisons when neither is wanted. Safe in a process that was cloned from one with a single thread.
void Mark(std::string_view phase);

}  // namespace ctool
