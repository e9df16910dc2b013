// SPDX-License-Identifier: Apache-2.0
//
// A docker-archive: manifest.json, and configs and layers by the names that it gives them. It has no image manifests, so
// one is made, of what is there: layers as they are in the archive, unless no manifest could describe them.
#include <map>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "spec/layouts.hpp"
#include "transport/images_internal.hpp"

namespace ctool::transport {
namespace {

constexpr std::string_view kDockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";
constexpr size_t kMagicBytes = 6;

// A member as what it decompresses to, or as it is.
struct Layer {
  std::string member;
  bool decompress = false;
};

// A decoder with what it reads from.
struct Stream {
  MemberFile file;
  std::unique_ptr<archive::Source> raw, decoded;
  archive::Source& source() { return decoded ? *decoded : *raw; }
};

Result<Stream> OpenLayer(const Archive& archive, const Layer& layer) {
  Stream out;
  out.file = TRY(archive.Open(layer.member));
  out.raw = ReadRange(out.file.range, Quote(layer.member) + " of " + archive.what());
  if (layer.decompress) out.decoded = TRY(archive::DecompressDetected(*out.raw));
  return out;
}

Result<spec::Compression> CompressionOf(const Archive& archive, const std::string& member) {
  const MemberFile file = TRY(archive.Open(member));
  std::string first(std::min<size_t>(kMagicBytes, static_cast<size_t>(file.range.size)), '\0');
  const std::unique_ptr<archive::Source> source = ReadRange(file.range, Quote(member) + " of " + archive.what());
  for (size_t have = 0; have < first.size();)
    have += TRY(source->Read(std::span<char>(first).subspan(have)));
  return archive::DetectCompression(first);
}

class DockerImage final : public ImageSource {
 public:
  DockerImage(std::shared_ptr<const Archive> archive, spec::ArchivedImage image)
      : archive_(std::move(archive)), image_(std::move(image)) {}

  std::string Name() const override {
    return "docker-archive:" + archive_->what() + (image_.repo_tags.empty() ? "" : ":" + image_.repo_tags.front());
  }
  std::vector<std::string> GivenNames() const override { return image_.repo_tags; }

  Result<Document> GetManifest(const spec::Digest& digest) override {
    if (manifest_.bytes.empty()) TRY_CTX(archive_->what(), MakeManifest());
    if (digest.empty() || digest == manifest_.digest) return manifest_;
    return Error(Code::kCorrupt, "manifest " + digest.str() + " is missing in " + archive_->what());
  }

  Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) override {
    if (blob.digest == config_digest_) return sink(config_);
    const auto layer = layers_.find(blob.digest);
    if (layer == layers_.end())
      return Error(Code::kCorrupt, "blob " + blob.digest.str() + " is missing in " + archive_->what());
    Stream stream = TRY(OpenLayer(*archive_, layer->second));
    const int64_t sent = TRY(Send(stream.source(), sink, progress));
    if (sent == blob.size) return Ok();
    return Error(Code::kCorrupt, Quote(layer->second.member) + " of " + archive_->what() + ": changed while it was read");
  }

 private:
  Status MakeManifest() {
    config_ = TRY(archive_->ReadText(image_.config, spec::kMaxDocumentBytes));
    config_digest_ = digest::Sha256(config_);
    const spec::ImageConfig config = TRY_CTX(Quote(image_.config), spec::ImageConfig::Parse(config_));
    if (config.diff_ids.size() != image_.layers.size())
      return Error(Code::kCorrupt, "layers do not match the image config: " + std::to_string(image_.layers.size()) +
                                       " layers, " + std::to_string(config.diff_ids.size()) + " diffIDs");
    spec::Manifest manifest;
    manifest.media_type = spec::kDockerManifest;
    manifest.config = {std::string(spec::kDockerConfig), config_digest_, static_cast<int64_t>(config_.size()), {}, {}};
    for (size_t i = 0; i < image_.layers.size(); ++i)
      manifest.layers.push_back(TRY(Describe(image_.layers[i], config.diff_ids[i])));
    manifest_.bytes = manifest.Print();
    manifest_.content_type = manifest.media_type;
    manifest_.digest = digest::Sha256(manifest_.bytes);
    return Ok();
  }

  // The layer's digest is the diffID that the config promises, so a layer that is not compressed costs no pass over it.
  Result<spec::Descriptor> Describe(const std::string& member, const spec::Digest& diff_id) {
    Layer layer{member, false};
    spec::Descriptor out;
    const spec::Compression compression = TRY(CompressionOf(*archive_, member));
    switch (compression) {
      case spec::Compression::kNone:
        out.media_type = spec::kDockerLayer;
        out.digest = diff_id;
        out.size = TRY(archive_->Open(member)).range.size;
        break;
      case spec::Compression::kGzip:
      case spec::Compression::kZstd:
        out.media_type = compression == spec::Compression::kGzip ? spec::kDockerLayerGzip : kDockerLayerZstd;
        TRY(Measure(layer, out));
        break;
      default:
        layer.decompress = true;
        out.media_type = spec::kDockerLayer;
        TRY(Measure(layer, out));
    }
    layers_[out.digest] = std::move(layer);
    return out;
  }

  Status Measure(const Layer& layer, spec::Descriptor& out) const {
    Stream stream = TRY(OpenLayer(*archive_, layer));
    const std::optional<spec::Digest> known = archive_->DigestOf(layer.member);
    if (known && !layer.decompress) {
      out.digest = *known;
      out.size = stream.file.range.size;
      return Ok();
    }
    digest::Hasher hasher;
    out.size = TRY(Send(stream.source(), [&](std::string_view chunk) -> Status {
      hasher.Update(chunk);
      return Ok();
    }, nullptr));
    out.digest = hasher.Finish();
    return Ok();
  }

  const std::shared_ptr<const Archive> archive_;
  const spec::ArchivedImage image_;
  std::string config_;
  spec::Digest config_digest_;
  Document manifest_;
  std::map<spec::Digest, Layer> layers_;
};

// A member's name as it could stand in the archive; anything else is not looked for.
bool IsMemberName(const std::string& name) {
  if (name.empty() || name.size() > kMaxMemberName || name.front() == '/') return false;
  for (const std::string& part : Split(name, '/'))
    if (part.empty() || part == "." || part == "..") return false;
  return true;
}

}  // namespace

Result<Images> DockerImages(const std::shared_ptr<const Archive>& archive) {
  const std::vector<spec::ArchivedImage> found = TRY_CTX(
      archive->what(), spec::ParseArchiveManifest(TRY(archive->ReadText(kArchiveManifest, spec::kMaxDocumentBytes))));
  if (found.empty()) return Error(Code::kCorrupt, archive->what() + ": no images in archive");
  Images images;
  for (const spec::ArchivedImage& image : found) {
    std::vector<std::string> members = image.layers;
    members.push_back(image.config);
    for (const std::string& member : members)
      if (!IsMemberName(member))
        return Error(Code::kCorrupt, archive->what() + ": manifest.json: invalid member name " + Quote(member.substr(0, 200)));
    images.push_back(std::make_unique<DockerImage>(archive, image));
  }
  return images;
}

}  // namespace ctool::transport
