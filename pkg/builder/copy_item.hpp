// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "builder/source_tree.hpp"
#include "sys/root.hpp"

namespace ctool::builder {

struct CopyHow {
  std::optional<std::pair<uid_t, gid_t>> owner;  // of everything; otherwise the source's
  std::function<mode_t(mode_t mode, bool directory)> mode;  // none: the source's
  bool parents = false;    // --parents: with the folders above it
  bool into_folder = false;  // the destination is a folder, whether it is there or not
  bool any_owner = false;  // there is only one id
};

// mkdir -p below `root`; what is new gets `owner`.
Status MakeFolders(const sys::Root& root, const std::string& path, const std::optional<std::pair<uid_t, gid_t>>& owner);

// --chmod: "0644", or "u=rwX,go=rX" as chmod(1) has it. kInvalidArgument.
Result<std::function<mode_t(mode_t mode, bool directory)>> ParseMode(const std::string& text);

// Copies one item to `destination`, an absolute path below `root`: the contents of a folder, or a file.
Status CopyItem(const SourceTree& tree, const SourceItem& item, const ItemContent& content, const sys::Root& root,
                const std::string& destination, const CopyHow& how);

}  // namespace ctool::builder
