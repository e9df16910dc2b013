// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "engine/manifest_list.hpp"

namespace ctool::engine {

// Where the image of an entry is: "containers-storage:ID" or "docker://REPOSITORY". An annotation of the store's own
// document only: nobody else gets to see it.
inline constexpr char kEntrySource[] = "io.ctool.source";
inline constexpr std::string_view kStoredImage = "containers-storage:", kInRegistry = "docker://";

// Of a list: far more than there are platforms; the document stays below its limit.
inline constexpr size_t kMostEntries = 1000;

Result<spec::Index> ReadList(Engine& engine, const state::Image& list);

// The images of a list that the store has, with their entries. The user is told of those that it has not; kNotFound: it
// has none.
struct ListMember {
  spec::Descriptor entry;
  state::Image image;
};
Result<std::vector<ListMember>> StoredMembers(Engine& engine, const state::Image& list);

// The row for a list of `index`, whose entries say where their images are; its documents are blobs then.
Result<state::Image> NewListRow(const storage::Store& store, const spec::Index& index, const std::vector<std::string>& names);

// The list as others get it: without the annotation, in the format of docker when it is empty or that is asked for.
spec::Index PublicList(spec::Index index, const std::string& format);

}  // namespace ctool::engine
