// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_manifest_internal.hpp"

#include "base/text.hpp"
#include "digest/sha256.hpp"

namespace ctool::engine {
namespace {

Result<std::string> FetchConfig(transport::ImageSource& source, const storage::Store& store,
                                const spec::Descriptor& config) {
  if (config.media_type != spec::kOciConfig && config.media_type != spec::kDockerConfig)
    return Error(Code::kUnsupported,
                 "not a container image but " + Quote(config.media_type.substr(0, 200)));
  if (config.size > static_cast<int64_t>(spec::kMaxDocumentBytes))
    return Error(Code::kCorrupt, "image config: size " + std::to_string(config.size) +
                                     " is larger than 4 MiB");
  if (store.HasBlob(config.digest, config.size))
    return store.ReadBlob(config.digest, spec::kMaxDocumentBytes);
  std::string bytes;
  TRY(source.GetBlob(
      config,
      [&bytes](std::string_view chunk) -> Status {
        bytes += chunk;
        return Ok();
      },
      nullptr));
  TRY_CTX("image config", digest::Verify(bytes, config.digest));
  return bytes;
}

Status CheckLayers(const spec::Manifest& manifest, const spec::ImageConfig& config) {
  if (manifest.layers.size() != config.diff_ids.size())
    return Error(Code::kCorrupt, "layers do not match the image config: " +
                                     std::to_string(manifest.layers.size()) + " layers, " +
                                     std::to_string(config.diff_ids.size()) + " diffIDs");
  for (const spec::Descriptor& layer : manifest.layers) TRY(spec::LayerCompression(layer.media_type));
  return Ok();
}

// An image for another system can't run here. Another architecture may, by emulation: podman warns
// and goes on.
Status CheckSystem(const spec::ImageConfig& config, const AskedPlatform& platform) {
  const std::string& os = config.platform.os;
  if (platform.asked || os.empty() || os == platform.platform.os) return Ok();
  return Error(Code::kUnsupported, "the image is for the platform " +
                                       Printable(config.platform.Print()) + ", not for " +
                                       platform.platform.os)
      .Hint("--platform " + Printable(config.platform.Print()) + " fetches it all the same");
}

}  // namespace

Result<ImageDocuments> ReadDocuments(transport::ImageSource& source, const storage::Store& store,
                                     transport::Document top,
                                     const AskedPlatform& platform) {
  ImageDocuments out;
  if (TRY(spec::IsIndex(top.bytes, top.content_type))) {
    const spec::Index index = TRY(spec::Index::Parse(top.bytes));
    const spec::Descriptor chosen = TRY(index.Select(platform.platform));
    out.index = std::move(top);
    out.document = TRY(source.GetManifest(chosen.digest));
    if (static_cast<int64_t>(out.document.bytes.size()) != chosen.size)
      return Error(Code::kCorrupt, "manifest " + chosen.digest.str() + ": size " +
                                       std::to_string(out.document.bytes.size()) +
                                       ", the index says " + std::to_string(chosen.size));
  } else {
    out.document = std::move(top);
  }
  out.manifest = TRY(spec::Manifest::Parse(out.document.bytes));
  out.config_bytes = TRY(FetchConfig(source, store, out.manifest.config));
  out.config = TRY(spec::ImageConfig::Parse(out.config_bytes));
  TRY(CheckLayers(out.manifest, out.config));
  TRY(CheckSystem(out.config, platform));
  return out;
}

}  // namespace ctool::engine
