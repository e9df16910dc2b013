// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "transport/archive.hpp"
#include "transport/destinations.hpp"
#include "transport/folder_output_internal.hpp"
#include "transport/images_internal.hpp"
#include "transport/layout_index_internal.hpp"

namespace ctool::transport {
namespace {

class OciFolder final : public ImageDestination {
 public:
  OciFolder(FolderOutput folder, LayoutIndex index) : folder_(std::move(folder)), index_(std::move(index)) {}

  std::string Name() const override { return "oci:" + folder_.path(); }
  // A blob that is there is believed to be what it is called: whoever reads it checks.
  Result<bool> TryReuse(const spec::Descriptor& blob) override { return folder_.Has(BlobMember(blob.digest), blob.size); }

  Status PutBlob(const spec::Descriptor& blob, const BlobBytes& bytes, Progress* progress) override {
    TRY(MakeFolders(blob.digest));
    return folder_.PutBlob(BlobMember(blob.digest), blob.size, bytes, progress);
  }

  Status PutPart(const Document& manifest) override {
    TRY(MakeFolders(manifest.digest));
    return folder_.PutText(BlobMember(manifest.digest), manifest.bytes);
  }

  Status PutImage(const Document& top, const std::vector<std::string>& names) override {
    TRY(PutPart(top));
    index_.Add(top, names);
    return Ok();
  }

  Status Finish() override {
    TRY(folder_.PutText(std::string(spec::kOciLayoutFile), spec::kOciLayoutText));
    return folder_.PutText(std::string(spec::kOciIndexFile), index_.Print());
  }

 private:
  Status MakeFolders(const spec::Digest& digest) const {
    TRY(folder_.MakeFolder("blobs"));
    return folder_.MakeFolder("blobs/" + std::string(digest.algorithm()));
  }

  const FolderOutput folder_;
  LayoutIndex index_;
};

}  // namespace

Result<std::unique_ptr<ImageDestination>> ToOciFolder(const std::string& path) {
  FolderOutput folder = TRY(FolderOutput::Open(path));
  sys::Fd fd = TRY(sys::Open(path, O_RDONLY | O_DIRECTORY));
  const std::vector<std::string> names = TRY(sys::ListDir(fd.get(), path));
  LayoutIndex index;
  const std::shared_ptr<const Archive> there = OpenFolder(std::move(fd), path);
  if (there->Has(spec::kOciIndexFile)) {
    const std::string text = TRY(there->ReadText(spec::kOciIndexFile, spec::kMaxDocumentBytes));
    index = LayoutIndex(TRY_CTX(path + "/index.json", spec::Index::Parse(text)));
  } else {
    // What an interrupted save left is taken for what it is.
    for (const std::string& name : names)
      if (name != "blobs" && name != spec::kOciLayoutFile && !StartsWith(name, ".ctool-"))
        return Error(Code::kAlreadyExists, "'" + path + "' is not an OCI image layout: it holds " + Quote(name))
            .Hint("name an empty folder, or one that does not exist yet");
  }
  return std::unique_ptr<ImageDestination>(std::make_unique<OciFolder>(std::move(folder), std::move(index)));
}

}  // namespace ctool::transport
