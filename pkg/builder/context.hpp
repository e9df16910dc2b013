// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "builder/options.hpp"
#include "builder/source_tree.hpp"
#include "builder/work_folder.hpp"
#include "engine/interrupt.hpp"

namespace ctool::builder {

// The Containerfile and the folder that is built from, wherever they come from.
struct Context {
  std::string file, text;             // the Containerfile: its name for messages, its contents
  std::unique_ptr<SourceTree> tree;   // null: there is nothing to copy from
  std::optional<WorkFolder> fetched;  // what was downloaded, cloned or unpacked
};

struct ContextPlace {
  const storage::Store& store;
  engine::Interrupt& interrupt;
  DigestCache& digests;
};

// kInvalidArgument: no such folder, "no Containerfile or Dockerfile specified or found in context directory".
Result<Context> OpenContext(const BuildOptions& options, const ContextPlace& place);
// What a --build-context names that is no image: a folder, a git repository or an archive by URL.
Result<std::unique_ptr<SourceTree>> OpenNamedContext(const std::string& where, const ContextPlace& place, std::optional<WorkFolder>& fetched);

}  // namespace ctool::builder
