// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/commit_image.hpp"
#include "engine/interrupt.hpp"
#include "engine/pull_layers_internal.hpp"
#include "engine/pull_manifest_internal.hpp"
#include "engine/pull_progress_internal.hpp"
#include "spec/reference.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"
#include "transport/image.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// Puts images into the store, whatever they come from. Inside the user namespace, with the content
// lock held. What it has put there is not put there again for the next image.
class ImageAdder {
 public:
  struct Place {
    const storage::Store& store;
    state::Database& db;
    const userns::IdMap& map;
    const AskedPlatform& platform;
    Interrupt& interrupt;
    PullProgress& progress;
    // Asked before anything is put into the store: whether this manifest may be.
    std::function<Status(const spec::Digest& manifest)> accept = {};
  };
  explicit ImageAdder(const Place& place) : place_(place) {}

  // `top`: what the source stands for, a manifest or an index.
  Result<AddedImage> Add(transport::ImageSource& source, transport::Document top);

  // This blob is in the store, put there and verified by this very process.
  void Know(const spec::Digest& blob, int64_t size) { fresh_blobs_[blob.str()] = size; }

 private:
  Status SkipPresent(std::vector<LayerJob>& jobs) const;
  Status FetchContent(transport::ImageSource& source, const ImageDocuments& image,
                      std::vector<LayerJob>& jobs);
  Result<std::vector<state::Layer>> LayerRows(const ImageDocuments& image) const;

  const Place place_;
  std::map<std::string, int64_t> fresh_layers_;  // diffID: size
  std::map<std::string, int64_t> fresh_blobs_;   // digest: size
};

// Rows say "durable" only after a sync: what is in the database and still there can be used.
Result<bool> LayerIsUsable(const storage::Store& store, state::Database& db,
                           const std::string& diff_id);

// "REPOSITORY@DIGEST"
std::string RepoDigest(const spec::Reference& reference, const spec::Digest& digest);
// Of the image itself and of the index that it was chosen from.
std::vector<std::string> RepoDigests(const spec::Reference& reference, const AddedImage& image);

}  // namespace ctool::engine
