// SPDX-License-Identifier: Apache-2.0
//
// What a Containerfile may cost. The file is from outside, like the context and the base image's
// ONBUILD triggers; each limit is far above what a person or a generator writes.
#pragma once

#include <cstddef>

namespace ctool::build {

// All of it is held in memory, several times while it is read. Large files belong into the context.
inline constexpr size_t kMaxFileBytes = 4 << 20;
// BuildKit's limit of one physical line: what it refuses, we need not read.
inline constexpr size_t kMaxLineBytes = 65535;
// One instruction with its continuation lines. A shell form becomes one argument of execve(2),
// which takes 128 KiB; the rest is for long COPY and ENV lists.
inline constexpr size_t kMaxInstructionBytes = 1 << 20;
// A heredoc is a script or a small file written in place.
inline constexpr size_t kMaxHeredocBytes = 1 << 20;
// Heredocs of one instruction: each is looked for until the end of the file.
inline constexpr size_t kMaxHeredocs = 64;
// Layers and history entries; 500 layers are what an image may have, the rest is configuration.
inline constexpr size_t kMaxInstructions = 10000;
inline constexpr size_t kMaxStages = 1000;
// ${a:-${b:-${c}}} recurses.
inline constexpr int kMaxExpansionDepth = 64;
// ENV a=$a$a doubles with each line: 20 lines make this of one byte.
inline constexpr size_t kMaxExpandedBytes = 1 << 20;
// Steps of pattern matching in one ${x/p/r} or ${x#p}: the product of value and pattern, squared at
// worst. About a tenth of a second.
inline constexpr size_t kMaxPatternSteps = 20'000'000;
// Arrays inside arrays are an error anyway; this keeps the reader's stack flat.
inline constexpr int kMaxJsonDepth = 64;
// The ignore file: lines are tried one by one on every path of the context.
inline constexpr size_t kMaxIgnoreBytes = 1 << 20;
inline constexpr size_t kMaxIgnorePatterns = 10000;
// Warnings kept; a file with more has been told enough.
inline constexpr size_t kMaxWarnings = 1000;

}  // namespace ctool::build
