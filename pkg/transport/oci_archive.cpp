// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "transport/destinations.hpp"
#include "transport/images_internal.hpp"
#include "transport/layout_index_internal.hpp"
#include "transport/tar_output_internal.hpp"

namespace ctool::transport {
namespace {

class OciArchive final : public ImageDestination {
 public:
  explicit OciArchive(OutputFile file) : tar_(std::move(file), 0644) {}

  std::string Name() const override { return "oci-archive:" + tar_.what(); }
  Result<bool> TryReuse(const spec::Descriptor& blob) override { return written_.count(blob.digest) != 0; }

  Status PutBlob(const spec::Descriptor& blob, const BlobBytes& bytes, Progress* progress) override {
    if (!written_.insert(blob.digest).second) return Ok();
    TRY(BeginArchive(blob.digest));
    return tar_.PutBlob(BlobMember(blob.digest), blob.size, bytes, progress);
  }

  Result<std::optional<FileRange>> Reserve(const spec::Descriptor& blob) override {
    if (written_.count(blob.digest) != 0) return Error(Code::kInternal, "a blob is put twice");
    TRY(BeginArchive(blob.digest));
    std::optional<FileRange> range = TRY(tar_.Reserve(BlobMember(blob.digest), blob.size));
    if (range) written_.insert(blob.digest);
    return range;
  }

  Status PutPart(const Document& manifest) override {
    if (!written_.insert(manifest.digest).second) return Ok();
    TRY(BeginArchive(manifest.digest));
    return tar_.PutText(BlobMember(manifest.digest), manifest.bytes);
  }

  Status PutImage(const Document& top, const std::vector<std::string>& names) override {
    TRY(PutPart(top));
    index_.Add(top, names);
    return Ok();
  }

  Status Finish() override {
    TRY(tar_.PutText(std::string(spec::kOciIndexFile), index_.Print()));
    TRY(tar_.PutText(std::string(spec::kOciLayoutFile), spec::kOciLayoutText));
    return tar_.Finish();
  }

 private:

  // The folders that the blob is in.
  Status BeginArchive(const spec::Digest& digest) {
    if (folders_.insert("blobs").second) TRY(tar_.PutFolder("blobs"));
    std::string folder = "blobs/" + std::string(digest.algorithm());
    if (folders_.insert(folder).second) TRY(tar_.PutFolder(folder));
    return Ok();
  }

  TarOutput tar_;
  std::set<std::string> folders_;
  std::set<spec::Digest> written_;
  LayoutIndex index_;
};

}  // namespace

std::unique_ptr<ImageDestination> ToOciArchive(OutputFile file) {
  return std::make_unique<OciArchive>(std::move(file));
}

}  // namespace ctool::transport
