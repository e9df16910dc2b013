// SPDX-License-Identifier: Apache-2.0
#include "transport/images.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "spec/layouts.hpp"
#include "transport/images_internal.hpp"

namespace ctool::transport {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

bool IsOci(const Archive& archive) {
  return archive.Has(spec::kOciIndexFile) || archive.Has(spec::kOciLayoutFile);
}
bool IsDir(const Archive& archive) {
  return archive.Has(kArchiveManifest) && archive.Has(kDirVersion);
}

// "b", "localhost/b" and "localhost/b:latest" are the same name.
bool Means(const std::string& given, const std::string& wanted) {
  if (given == wanted) return true;
  const Result<spec::Reference> a = spec::Reference::ParseWithDomain(given, "localhost");
  const Result<spec::Reference> b = spec::Reference::ParseWithDomain(wanted, "localhost");
  return a.ok() && b.ok() && *a == *b;
}

}  // namespace

std::string BlobMember(const spec::Digest& digest) {
  return "blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.hex());
}

Result<Document> ReadDocument(const Archive& archive, const std::string& member,
                              const spec::Digest& digest, std::string media_type) {
  Document out;
  out.bytes = TRY(archive.ReadText(member, spec::kMaxDocumentBytes));
  if (!digest.empty()) TRY_CTX(Quote(member) + " of " + archive.what(), digest::Verify(out.bytes, digest));
  out.digest = digest.empty() ? digest::Sha256(out.bytes) : digest;
  out.content_type = std::move(media_type);
  TRY_CTX(Quote(member) + " of " + archive.what(), spec::IsIndex(out.bytes, out.content_type));
  return out;
}

Result<int64_t> Send(archive::Source& source, const Sink& sink, Progress* progress) {
  std::string chunk(kChunkBytes, '\0');
  for (int64_t sent = 0;;) {
    const size_t n = TRY(source.Read({chunk.data(), chunk.size()}));
    if (n == 0) return sent;
    TRY(sink({chunk.data(), n}));
    sent += static_cast<int64_t>(n);
    if (progress != nullptr) progress->received += static_cast<int64_t>(n);
  }
}

Status SendMember(const Archive& archive, const std::string& member, int64_t size, const Sink& sink,
                  Progress* progress) {
  const MemberFile file = TRY(archive.Open(member));
  const std::string name = Quote(member) + " of " + archive.what();
  if (file.range.size != size)
    return Error(Code::kCorrupt, name + ": wrong size: " + std::to_string(file.range.size) +
                                     " bytes, the manifest says " + std::to_string(size));
  const std::unique_ptr<archive::Source> source = ReadRange(file.range, name);
  TRY(Send(*source, sink, progress));
  return Ok();
}

Result<Images> FindImages(std::shared_ptr<const Archive> archive) {
  if (IsOci(*archive)) return OciImages(archive);
  if (IsDir(*archive)) return DirImages(archive);
  if (archive->Has(kArchiveManifest)) return DockerImages(archive);
  return Error(Code::kCorrupt, archive->what() + ": not an image archive: neither " +
                                   Quote(spec::kOciIndexFile) + " nor " + Quote(kArchiveManifest) +
                                   " is in it");
}

Result<Images> FindImages(std::shared_ptr<const Archive> archive, const ImageName& name) {
  Images all;
  if (name.kind == Kind::kDir) all = TRY(DirImages(archive));
  else if (name.kind == Kind::kDockerArchive) all = TRY(DockerImages(archive));
  else all = TRY(OciImages(archive));
  if (name.index) {
    if (*name.index >= all.size())
      return Error(Code::kNotFound, name.Print() + ": there are " + std::to_string(all.size()) + " images");
    Images one;
    one.push_back(std::move(all[*name.index]));
    return one;
  }
  if (name.reference.empty()) return all;
  for (std::unique_ptr<ImageSource>& image : all) {
    const std::vector<std::string> given = image->GivenNames();
    if (std::none_of(given.begin(), given.end(),
                     [&](const std::string& one) { return Means(one, name.reference); }))
      continue;
    Images one;
    one.push_back(std::move(image));
    return one;
  }
  return Error(Code::kNotFound, name.Print() + ": no image of that name in the archive");
}

}  // namespace ctool::transport
