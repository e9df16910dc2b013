// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/image_lookup_internal.hpp"
#include "transport/image.hpp"
#include "spec/image.hpp"
#include "spec/reference.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// The documents of one image, checked against each other.
struct ImageDocuments {
  std::optional<transport::Document> index;  // when the reference names one
  transport::Document document;              // the manifest as it came
  spec::Manifest manifest;
  std::string config_bytes;
  spec::ImageConfig config;
};

// From the manifest or index that a reference names (`top`) to the image for `platform`.
// kCorrupt: an index in an index, wrong sizes or digests, layers and config that disagree.
// kNotFound: no image for the platform. kUnsupported: for another system, or not an image at all.
Result<ImageDocuments> ReadDocuments(transport::ImageSource& source, const storage::Store& store,
                                     transport::Document top,
                                     const AskedPlatform& platform);

}  // namespace ctool::engine
