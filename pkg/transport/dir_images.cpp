// SPDX-License-Identifier: Apache-2.0
//
// The "dir" of containers-transports(5): manifest.json, and each blob by its hex digest.
#include "base/text.hpp"
#include "transport/images_internal.hpp"

namespace ctool::transport {
namespace {

class DirImage final : public ImageSource {
 public:
  explicit DirImage(std::shared_ptr<const Archive> archive) : archive_(std::move(archive)) {}

  std::string Name() const override { return "dir:" + archive_->what(); }

  Result<Document> GetManifest(const spec::Digest& digest) override {
    if (digest.empty()) return ReadDocument(*archive_, std::string(kArchiveManifest), {}, "");
    return ReadDocument(*archive_, std::string(digest.hex()) + ".manifest.json", digest, "");
  }

  Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) override {
    return SendMember(*archive_, std::string(blob.digest.hex()), blob.size, sink, progress);
  }

 private:
  const std::shared_ptr<const Archive> archive_;
};

}  // namespace

Result<Images> DirImages(const std::shared_ptr<const Archive>& archive) {
  // Older writers left the version out.
  if (archive->Has(kDirVersion)) {
    const std::string version = TRY(archive->ReadText(kDirVersion, 1 << 20));
    if (!StartsWith(version, "Directory Transport Version: 1."))
      return Error(Code::kUnsupported, archive->what() + ": not a known version: " + Quote(version.substr(0, 100)));
  }
  Images images;
  images.push_back(std::make_unique<DirImage>(archive));
  return images;
}

}  // namespace ctool::transport
