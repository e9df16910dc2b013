// SPDX-License-Identifier: Apache-2.0
//
// What COPY copies from: the context, an earlier stage, an image. Every path is resolved inside it, links included.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "build/ignore.hpp"
#include "builder/digest_cache.hpp"
#include "sys/root.hpp"

namespace ctool::builder {

struct SourceTree {
  sys::Root root;
  std::string shown;            // for messages
  build::IgnoreList ignored;    // of the context
  bool own_ids = true;          // the owners count; the context's files belong to root
  DigestCache* digests = nullptr;
};

// Something to be copied.
struct SourceItem {
  std::string path;         // in the tree, without links; "" is its root
  std::string named;        // as the pattern named it, for --parents
  bool is_directory = false;
  std::string Name() const { return path.substr(path.rfind('/') + 1); }
};

// What a source of COPY or ADD stands for. kNotFound: nothing.
Result<std::vector<SourceItem>> FindItems(const SourceTree& tree, const std::string& text, bool directories_too);

// What is copied of an item, with a digest of it all: names, types, modes, contents, owners if they count; not times.
struct ItemContent {
  std::string digest;
  // Paths below the tree that are copied, when some are left out; otherwise nothing is in it.
  bool filtered = false;
  std::set<std::string> wanted;
};
Result<ItemContent> ReadItem(const SourceTree& tree, const SourceItem& item, const build::IgnoreList& excluded);

}  // namespace ctool::builder
