// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ctool::build {

enum class MountType { kBind, kCache, kTmpfs, kSecret, kSsh };
enum class MountSharing { kShared, kPrivate, kLocked };

// RUN --mount=..., with what is not given left empty: the defaults depend on the stage.
struct Mount {
  MountType type = MountType::kBind;
  std::string id, from, source, target, environment;
  bool read_only = false;  // already the type's default when nothing was said: bind is read-only
  bool required = false;
  MountSharing sharing = MountSharing::kShared;
  std::optional<int64_t> size_bytes;
  std::optional<uint32_t> mode, uid, gid;
  bool operator==(const Mount&) const = default;
};

using TextExpander = std::function<Result<std::string>(std::string_view)>;

// Reads what stands behind "--mount=". Without `expand` values with a variable in them are accepted as
// they are (and left out of the result when they are not texts): whoever runs the step reads it again
// with one. kInvalidArgument says which key is wrong.
Result<Mount> ParseMount(std::string_view text, const TextExpander& expand = nullptr);

}  // namespace ctool::build
