// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"
#include "digest/sha256.hpp"
#include "engine/put_manifest.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {

// In a file of its own: `commit` needs it, which must not load what an import fetches and decompresses with.
Status PutManifest(const storage::Store& store, std::string_view manifest_type, std::vector<spec::Descriptor> layers,
                   const std::string& created, const std::string& name, state::Image& image, std::map<std::string, std::string> annotations) {
  const spec::Digest config_digest = digest::Sha256(image.config);
  spec::Manifest manifest;
  manifest.media_type = manifest_type;
  manifest.config.media_type = manifest_type == spec::kDockerManifest ? spec::kDockerConfig : spec::kOciConfig;
  manifest.config.digest = config_digest;
  manifest.config.size = static_cast<int64_t>(image.config.size());
  manifest.layers = std::move(layers);
  manifest.annotations = std::move(annotations);
  const std::string bytes = manifest.Print();
  const spec::Digest manifest_digest = digest::Sha256(bytes);
  TRY(store.PutBlob(image.config, config_digest));
  TRY(store.PutBlob(bytes, manifest_digest));
  image.id = std::string(config_digest.hex());
  image.manifest_digest = manifest_digest.str();
  image.manifest_type = manifest.media_type;
  image.created = ParseRfc3339(created).value_or(0);
  image.pulled = WallNanos();
  if (name.empty()) return Ok();
  image.names = {name};
  image.digests = {TRY(spec::Reference::Parse(name)).Repository() + "@" + image.manifest_digest};
  return Ok();
}

}  // namespace ctool::engine
