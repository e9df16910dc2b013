// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "transport/destinations.hpp"
#include "transport/folder_output_internal.hpp"
#include "transport/images_internal.hpp"

namespace ctool::transport {
namespace {

class DirOutput final : public ImageDestination {
 public:
  explicit DirOutput(FolderOutput folder) : folder_(std::move(folder)) {}

  std::string Name() const override { return "dir:" + folder_.path(); }
  Result<bool> TryReuse(const spec::Descriptor& blob) override {
    return folder_.Has(std::string(blob.digest.hex()), blob.size);
  }
  Status PutBlob(const spec::Descriptor& blob, const BlobBytes& bytes, Progress* progress) override {
    return folder_.PutBlob(std::string(blob.digest.hex()), blob.size, bytes, progress);
  }
  Status PutPart(const Document& manifest) override {
    return folder_.PutText(std::string(manifest.digest.hex()) + ".manifest.json", manifest.bytes);
  }
  Status PutImage(const Document& top, const std::vector<std::string>&) override {
    if (!manifest_.empty())
      return Error(Code::kInvalidArgument, "a folder of this format holds one image");
    manifest_ = top.bytes;
    return Ok();
  }
  Status Finish() override {
    TRY(folder_.PutText(std::string(kDirVersion), kDirVersionText));
    return folder_.PutText(std::string(kArchiveManifest), manifest_);
  }

 private:
  const FolderOutput folder_;
  std::string manifest_;
};

bool IsPartOfOne(const std::string& name) {
  if (name == kArchiveManifest || name == kDirVersion || StartsWith(name, ".ctool-") || StartsWith(name, "signature-"))
    return true;
  return spec::Digest::FromHex(std::string_view(name).substr(0, name.find('.'))).ok();
}

}  // namespace

Result<std::unique_ptr<ImageDestination>> ToDir(const std::string& path) {
  FolderOutput folder = TRY(FolderOutput::Open(path));
  const sys::Fd fd = TRY(sys::Open(path, O_RDONLY | O_DIRECTORY));
  const std::vector<std::string> names = TRY(sys::ListDir(fd.get(), path));
  for (const std::string& name : names)
    if (!IsPartOfOne(name))
      return Error(Code::kAlreadyExists, "'" + path + "' is not a folder of an image: it holds " + Quote(name))
          .Hint("name an empty folder, or one that does not exist yet");
  for (const std::string& name : names) TRY(sys::RemoveTree(fd.get(), name));
  return std::unique_ptr<ImageDestination>(std::make_unique<DirOutput>(std::move(folder)));
}

Result<std::unique_ptr<ImageDestination>> OpenDestination(const ImageName& name) {
  switch (name.kind) {
    case Kind::kOciArchive: return ToOciArchive(TRY(OutputFile::Create(name.path)));
    case Kind::kDockerArchive: return ToDockerArchive(TRY(OutputFile::Create(name.path)));
    case Kind::kOci: return ToOciFolder(name.path);
    case Kind::kDir: return ToDir(name.path);
    default: return Error(Code::kUnsupported, Quote(name.Print()) + " is neither an archive nor a folder");
  }
}

}  // namespace ctool::transport
