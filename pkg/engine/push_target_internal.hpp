// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/push.hpp"
#include "registry/client.hpp"
#include "spec/image.hpp"
#include "spec/reference.hpp"
#include "transport/image.hpp"
#include "transport/image_name.hpp"

namespace ctool::engine {

// A blob on its way out. `file` holds its bytes, from the beginning: with `upload.finish` not before that has returned.
struct OutgoingBlob {
  std::string media_type;
  registry::BlobUpload upload;
  int file = -1;
};

// Where an image is pushed to. Several threads may put blobs at once.
class PushTarget {
 public:
  virtual ~PushTarget() = default;
  virtual std::string Name() const = 0;
  // What it wants layers to be that are in no form that was asked for.
  enum class Layers { kAsTheyAre, kCompressed, kPlain };
  virtual Layers WantedLayers() const = 0;
  // "oci" or "v2s2" where it takes nothing else.
  virtual std::string OnlyFormat() const { return ""; }
  // Whether it is there. (Put looks for itself.)
  virtual Result<bool> Has(const spec::Descriptor& blob) = 0;
  virtual Result<registry::BlobSent> Put(const OutgoingBlob& blob, registry::Progress* progress) = 0;
  // `part`: only a part of an index, it gets no name.
  virtual Status PutManifest(const transport::Document& manifest, bool part) = 0;
  virtual Status Finish() = 0;
};

// What `destination` (or, when it is empty, the name of the image) stands for: a registry, an archive, a folder.
struct PushDestination {
  transport::ImageName name;
  spec::Reference reference;  // of a registry
  std::string Print() const;
};
Result<PushDestination> ParseDestination(const std::string& destination, const std::string& image_name);

// `repositories`: of the same registry, which may have blobs of the image.
Result<std::unique_ptr<PushTarget>> OpenTarget(Engine& engine, const PushDestination& destination,
                                               const PushOptions& options, registry::Client::Options client,
                                               const std::vector<std::string>& repositories);

}  // namespace ctool::engine
