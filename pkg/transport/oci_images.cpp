// SPDX-License-Identifier: Apache-2.0
//
// OCI image-spec v1.1 image-layout.md, in a folder or a tar archive.
#include <algorithm>

#include "base/text.hpp"
#include "spec/layouts.hpp"
#include "transport/images_internal.hpp"
#include "transport/layout_index_internal.hpp"

namespace ctool::transport {
namespace {

// Where containerd and docker put the whole name; the annotation of the specification has only a tag then.
constexpr std::string_view kContainerdName = "io.containerd.image.name";

std::string NameIn(const std::map<std::string, std::string>& annotations) {
  for (const std::string_view key : {kContainerdName, spec::kRefNameAnnotation}) {
    const auto found = annotations.find(std::string(key));
    if (found != annotations.end() && !found->second.empty()) return found->second;
  }
  return "";
}

class OciImage final : public ImageSource {
 public:
  OciImage(std::shared_ptr<const Archive> archive, spec::Descriptor top)
      : archive_(std::move(archive)), top_(std::move(top)) {}
  // index.json itself is the image's index.
  OciImage(std::shared_ptr<const Archive> archive, Document index)
      : archive_(std::move(archive)), index_(std::move(index)) {}

  void AddName(std::string name) { names_.push_back(std::move(name)); }
  const spec::Digest& digest() const { return top_.digest; }

  std::string Name() const override {
    return (archive_->is_folder() ? "oci:" : "oci-archive:") + archive_->what() +
           (names_.empty() ? "" : ":" + names_.front());
  }
  std::vector<std::string> GivenNames() const override { return names_; }

  bool IsList() const override { return top_.annotations.count(kListAnnotation) != 0; }

  Result<Document> GetManifest(const spec::Digest& digest) override {
    if (!digest.empty()) return ReadDocument(*archive_, BlobMember(digest), digest, "");
    if (index_) return *index_;
    Document top = TRY(ReadDocument(*archive_, BlobMember(top_.digest), top_.digest, top_.media_type));
    if (static_cast<int64_t>(top.bytes.size()) != top_.size)
      return Error(Code::kCorrupt, "manifest " + top_.digest.str() + " in " + archive_->what() + ": size " +
                                       std::to_string(top.bytes.size()) + ", index.json says " +
                                       std::to_string(top_.size));
    return top;
  }

  Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) override {
    return SendMember(*archive_, BlobMember(blob.digest), blob.size, sink, progress);
  }

 private:
  const std::shared_ptr<const Archive> archive_;
  const spec::Descriptor top_;
  const std::optional<Document> index_;
  std::vector<std::string> names_;
};

// Some tools write the platforms of one image straight into index.json, without names.
bool IsOneIndex(const spec::Index& index) {
  return index.manifests.size() > 1 &&
         std::all_of(index.manifests.begin(), index.manifests.end(), [](const spec::Descriptor& d) {
           return d.platform.has_value() && NameIn(d.annotations).empty();
         });
}

}  // namespace

Result<Images> OciImages(const std::shared_ptr<const Archive>& archive) {
  TRY_CTX(archive->what(), spec::CheckOciLayout(TRY(archive->ReadText(spec::kOciLayoutFile, spec::kMaxDocumentBytes))));
  Document document = TRY(ReadDocument(*archive, std::string(spec::kOciIndexFile), {}, ""));
  const spec::Index index =
      TRY_CTX(std::string(spec::kOciIndexFile) + " of " + archive->what(), spec::Index::Parse(document.bytes));
  if (index.manifests.empty()) return Error(Code::kCorrupt, archive->what() + ": no images in archive");
  Images images;
  if (IsOneIndex(index)) {
    document.content_type = index.media_type;
    images.push_back(std::make_unique<OciImage>(archive, std::move(document)));
    return images;
  }
  std::map<spec::Digest, OciImage*> known;  // an image may have several names
  for (const spec::Descriptor& descriptor : index.manifests) {
    OciImage*& image = known[descriptor.digest];
    if (image == nullptr) {
      auto made = std::make_unique<OciImage>(archive, descriptor);
      image = made.get();
      images.push_back(std::move(made));
    }
    const std::string name = NameIn(descriptor.annotations);
    if (!name.empty()) image->AddName(name);
  }
  return images;
}

}  // namespace ctool::transport
