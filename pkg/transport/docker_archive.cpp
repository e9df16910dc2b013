// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "spec/layouts.hpp"
#include "spec/legacy_layer.hpp"
#include "spec/reference.hpp"
#include "sys/file.hpp"
#include "transport/destinations.hpp"
#include "transport/images_internal.hpp"
#include "transport/tar_output_internal.hpp"

namespace ctool::transport {
namespace {

std::string LayerName(const spec::Digest& diff_id) { return std::string(diff_id.hex()) + ".tar"; }

class DockerArchive final : public ImageDestination {
 public:
  explicit DockerArchive(OutputFile file) : tar_(std::move(file), 0444) {}

  std::string Name() const override { return "docker-archive:" + tar_.what(); }
  Result<bool> TryReuse(const spec::Descriptor& blob) override { return written_.count(blob.digest) != 0; }

  Status PutBlob(const spec::Descriptor& blob, const BlobBytes& bytes, Progress* progress) override {
    if (!written_.insert(blob.digest).second) return Ok();
    const bool config = blob.media_type == spec::kDockerConfig || blob.media_type == spec::kOciConfig;
    if (!config) return tar_.PutBlob(LayerName(blob.digest), blob.size, bytes, progress);
    const std::unique_ptr<archive::Source> range = bytes.file ? ReadRange(*bytes.file, "image config") : nullptr;
    std::string& text = configs_[blob.digest];
    TRY(Send(range ? *range : *bytes.stream, [&](std::string_view chunk) -> Status {
      text += chunk;
      return Ok();
    }, progress));
    return tar_.PutText(std::string(blob.digest.hex()) + ".json", text);
  }

  Result<std::optional<FileRange>> Reserve(const spec::Descriptor& blob) override {
    if (written_.count(blob.digest) != 0) return Error(Code::kInternal, "a layer is put twice");
    std::optional<FileRange> range = TRY(tar_.Reserve(LayerName(blob.digest), blob.size));
    if (range) written_.insert(blob.digest);
    return range;
  }

  Status PutPart(const Document&) override {
    return Error(Code::kUnsupported, "a docker-archive can't hold a list of images");
  }

  Status PutImage(const Document& top, const std::vector<std::string>& names) override {
    const spec::Manifest manifest = TRY(spec::Manifest::Parse(top.bytes));
    std::vector<spec::Digest> diff_ids;
    for (const spec::Descriptor& layer : manifest.layers) diff_ids.push_back(layer.digest);
    const auto config = configs_.find(manifest.config.digest);
    if (config == configs_.end()) return Error(Code::kInternal, "the config comes before its image");
    const std::string id = TRY(PutLegacy(config->second, diff_ids));
    spec::ArchivedImage image;
    image.config = std::string(manifest.config.digest.hex()) + ".json";
    for (const spec::Digest& diff_id : diff_ids) image.layers.push_back(LayerName(diff_id));
    for (const std::string& name : names) {
      const spec::Reference reference = TRY(spec::Reference::Parse(name));
      image.repo_tags.push_back(name);
      if (!id.empty()) repositories_[reference.Repository()][reference.tag] = id;
    }
    images_.push_back(std::move(image));
    return Ok();
  }

  Status Finish() override {
    TRY(tar_.PutText(std::string(kArchiveManifest), spec::PrintArchiveManifest(images_)));
    TRY(tar_.PutText("repositories", spec::PrintRepositories(repositories_)));
    return tar_.Finish();
  }

 private:
  // What docker read before 1.10; the id of the topmost layer.
  Result<std::string> PutLegacy(const std::string& config, const std::vector<spec::Digest>& diff_ids) {
    const std::vector<spec::LegacyLayer> layers = TRY(spec::LegacyLayers(
        config, diff_ids, [](std::string_view text) { return std::string(digest::Sha256(text).hex()); }));
    for (size_t i = 0; i < layers.size(); ++i) {
      if (!legacy_.insert(layers[i].id).second) continue;
      TRY(tar_.PutLink(layers[i].id + "/layer.tar", "../" + LayerName(diff_ids[i])));
      TRY(tar_.PutText(layers[i].id + "/VERSION", "1.0"));
      TRY(tar_.PutText(layers[i].id + "/json", layers[i].json));
    }
    return layers.empty() ? std::string() : layers.back().id;
  }

  TarOutput tar_;
  std::set<spec::Digest> written_;
  std::set<std::string> legacy_;
  std::map<spec::Digest, std::string> configs_;
  std::vector<spec::ArchivedImage> images_;
  std::map<std::string, std::map<std::string, std::string>> repositories_;  // repository: tag: legacy id
};

}  // namespace

std::unique_ptr<ImageDestination> ToDockerArchive(OutputFile file) {
  return std::make_unique<DockerArchive>(std::move(file));
}

}  // namespace ctool::transport
