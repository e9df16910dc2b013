// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"
#include "state/store.hpp"

namespace ctool::engine {

struct FoundImage {
  state::Image image;
  std::string name;  // the whole name it was found by; for an id its first name, or ""
};

// Finds an image as podman does: exact name, short-name alias, localhost/NAME, each unqualified-
// search registry, a digest, an id or unique id prefix (with or without "sha256:").
Result<std::optional<FoundImage>> FindImage(Engine& engine, const std::string& name);
// The same; kNotFound "NAME: image not known".
Result<FoundImage> RequireImage(Engine& engine, const std::string& name);

// The image for run and create by pull policy ("always", "missing", "never", "newer"): fetched by
// the program ctool-images, whose progress goes to stderr.
Result<FoundImage> EnsureImage(Engine& engine, const std::string& name, const std::string& policy,
                               const FetchOptions& fetch);

// --- in the program ctool-images only (they link curl, TLS and the decompressors) ---

// Fetches `name` (a reference, docker://..., or a short name) and returns its image id. One line
// per event or a progress display goes to stderr unless quiet.
// The names, with their tags, of all images of a repository: `pull --all-tags`.
Result<std::vector<std::string>> AllTags(Engine& engine, const std::string& name, const FetchOptions& fetch);
Result<std::string> Pull(Engine& engine, const std::string& name, const std::string& policy,
                         const FetchOptions& fetch);

// Pull on behalf of EnsureImage in another process, which reads the outcome, good or bad, from our
// standard output. Returns the exit status.
int ServeFetch(Engine& engine, const std::string& name, const std::string& policy,
               const FetchOptions& fetch);

struct ImportOptions {
  std::string source;     // path, "-" or URL
  std::string reference;  // may be empty
  std::vector<std::string> changes;  // "CMD ...", "ENV k=v", ...
  std::string message, os, arch, variant;
  bool quiet = false;
};
Result<std::string> Import(Engine& engine, const ImportOptions& options);

// --- listing and removal ---

struct ImageRow {  // one a name
  std::string repository, tag;  // "<none>"
  std::string name;             // whole, or ""
  state::Image image;
  int64_t containers = 0;
};
struct ListImagesOptions {
  bool all = false;
  std::string reference;             // argument: names that match the glob
  std::vector<std::string> filters;  // "dangling=true", "label=k=v", ...
  std::string sort = "created";      // created, id, repository, size, tag
  bool with_config = true;           // false: `config` of the rows may be empty, which is quicker
};
Result<std::vector<ImageRow>> ListImages(Engine& engine, const ListImagesOptions& options);
// The ids of all images, newest first.
Result<std::vector<std::string>> AllImageIds(Engine& engine);

struct RemoveImagesOptions {
  bool force = false, all = false, ignore = false, no_prune = false;
  bool keep_files = false;  // GiveSpaceBack comes later: one for many images
};
struct RemovedImage {
  std::vector<std::string> untagged;
  std::string deleted;  // id, "" when other names are left
};
// kNotFound (exit status 1), kBusy (2). Removes layers and blobs that nothing refers to any more.
Result<RemovedImage> RemoveImage(Engine& engine, const std::string& name,
                                 const RemoveImagesOptions& options);

// Moves what no image has any more to the trash, which a process that nobody waits for empties. To be called after rows have
// gone. The rows are what counts: files that can't be moved now go with the next removal or pull, and the user is told. No
// thread may run, and the database be in no transaction.
void GiveSpaceBack(Engine& engine);

// podman inspect's object for an image, as JSON text.
Result<std::string> InspectImage(Engine& engine, const FoundImage& image);

}  // namespace ctool::engine
