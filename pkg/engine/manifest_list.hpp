// SPDX-License-Identifier: Apache-2.0
//
// Manifest lists (image indexes) in the store: an image without layers, with a name and an id of its own, whose manifest
// is the index. Where the images of a list are is kept with them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/images.hpp"
#include "engine/options.hpp"
#include "spec/image.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// Whether an image of the store is a list.
bool IsList(const state::Image& image);

// kNotFound "image not known"; kInvalidArgument: the image is no list.
Result<FoundImage> RequireStoredList(Engine& engine, const std::string& name);

// What a list has for a platform: the id of an image of the store, or where to fetch it ("repository@digest").
// kNotFound: nothing.
struct ListChoice {
  std::string image_id, reference;
};
Result<ListChoice> ChooseFromList(Engine& engine, const state::Image& list, const FetchOptions& fetch);

// --- in the program ctool-images only ---

// "docker.io/library/busybox", "containers-storage:ID" and the like, and what to say of it in the list.
struct ListEntryOptions {
  std::optional<std::string> arch, os, variant, os_version;
  std::vector<std::string> os_features, features;
  std::vector<std::string> annotations;        // KEY=VALUE; of the entry
  std::vector<std::string> index_annotations;  // of the list
  bool of_index = false;                       // `annotations` are meant for the list
};

struct CreateListOptions {
  std::string name;
  std::vector<std::string> images;
  bool all = false, amend = false;
  std::vector<std::string> annotations;
  FetchOptions fetch;
};
// All of these return the list's id.
Result<std::string> CreateList(Engine& engine, const CreateListOptions& options);
Result<std::string> AddToList(Engine& engine, const std::string& list, const std::vector<std::string>& images, bool all,
                              const ListEntryOptions& entry, const FetchOptions& fetch);
// `what` is a digest in the list, or an image that has it.
Result<std::string> AnnotateList(Engine& engine, const std::string& list, const std::string& what,
                                 const ListEntryOptions& entry);
Result<std::string> RemoveFromList(Engine& engine, const std::string& list, const std::string& digest);

// The list as JSON, or that of a registry when there is none of the name here; an image's manifest is made a list of one.
Result<std::string> InspectList(Engine& engine, const std::string& name, const FetchOptions& fetch);

}  // namespace ctool::engine
