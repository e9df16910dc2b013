// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "archive/tar_writer.hpp"
#include "digest/sha256.hpp"
#include "spec/image.hpp"
#include "spec/layouts.hpp"
#include "sys/file.hpp"
#include "transport/archive.hpp"
#include "transport/images.hpp"

namespace ctool::transport::test {

#define ASSERT_OK(expression)                                                            \
  do {                                                                                   \
    const auto& asserted = (expression);                                                 \
    ASSERT_TRUE(asserted.ok()) << #expression << ": " << asserted.error().Message();     \
  } while (0)

// The text of an error, or "" when there was none.
template <class T>
std::string Refusal(const Result<T>& result) {
  return result.ok() ? "" : result.error().Message();
}
inline void ExpectIn(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << text << "' has no '" << part << "'";
}

struct TestMember {
  std::string name, text;
  archive::EntryType type = archive::EntryType::kFile;
  std::string link = {};
};

inline std::string Tar(const std::vector<TestMember>& members) {
  std::string out;
  archive::TarWriter tar([&out](std::string_view bytes) -> Status {
    out += bytes;
    return Ok();
  });
  for (const TestMember& member : members) {
    archive::Entry entry;
    entry.path = member.name;
    entry.type = member.type;
    entry.link = member.link;
    entry.mode = 0644;
    entry.size = member.text.size();
    EXPECT_TRUE(tar.Begin(entry).ok());
    EXPECT_TRUE(tar.Write(member.text).ok());
    EXPECT_TRUE(tar.End().ok());
  }
  EXPECT_TRUE(tar.Finish().ok());
  return out;
}

inline sys::Fd InFile(const std::string& text) {
  sys::Fd fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(sys::WriteAll(fd.get(), text, "test").ok());
  return fd;
}

// Keeps what it is given in memory files.
class TestSpool final : public Spool {
 public:
  Result<spec::Digest> Keep(archive::Source& bytes, int64_t size) override {
    std::string text, chunk(1000, '\0');
    while (const size_t n = TRY(bytes.Read({chunk.data(), chunk.size()}))) text.append(chunk.data(), n);
    EXPECT_EQ(static_cast<int64_t>(text.size()), size);
    const spec::Digest digest = digest::Sha256(text);
    kept[digest] = text;
    return digest;
  }
  Result<sys::Fd> Open(const spec::Digest& digest) override { return InFile(kept.at(digest)); }
  std::map<spec::Digest, std::string> kept;
};

// An archive in both ways in which it can come; each test looks at both.
struct BothWays {
  explicit BothWays(const std::string& tar)
      : file(OpenTarFile(InFile(tar), "x.tar")), source(archive::FromMemory(tar)),
        stream(ReadTarStream(*source, spool, "x.tar")) {}
  TestSpool spool;
  Result<std::shared_ptr<const Archive>> file;
  std::unique_ptr<archive::Source> source;
  Result<std::shared_ptr<const Archive>> stream;
};

class Folder {
 public:
  Folder() { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
  ~Folder() { EXPECT_TRUE(sys::RemoveTree(path_).ok()); }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/ctool-transport-XXXXXX";
};

// An image of one plain layer, and its documents.
struct TestImage {
  std::string layer = Tar({{"file", std::string(100'000, 'x')}});
  spec::Digest layer_digest = digest::Sha256(layer);
  std::string config = R"({"architecture":"amd64","os":"linux","config":{"Cmd":["a<b"]},"rootfs":{"type":"layers","diff_ids":[")" +
                       layer_digest.str() + "\"]}}";
  spec::Manifest manifest;
  std::string bytes;
  TestImage() {
    manifest.media_type = spec::kOciManifest;
    manifest.config = Descriptor(spec::kOciConfig, config);
    manifest.layers = {Descriptor(spec::kOciLayer, layer)};
    bytes = manifest.Print();
  }
  static spec::Descriptor Descriptor(std::string_view type, const std::string& text) {
    return {std::string(type), digest::Sha256(text), static_cast<int64_t>(text.size()), {}, {}};
  }
  Document document() const { return {bytes, std::string(spec::kOciManifest), digest::Sha256(bytes)}; }
};

inline std::string Blob(const std::string& text) { return "blobs/sha256/" + std::string(digest::Sha256(text).hex()); }

inline std::vector<TestMember> OciMembers(const TestImage& image, const std::string& name) {
  spec::Index index;
  index.media_type = spec::kOciIndex;
  index.manifests = {TestImage::Descriptor(spec::kOciManifest, image.bytes)};
  if (!name.empty()) index.manifests[0].annotations[std::string(spec::kRefNameAnnotation)] = name;
  return {{"blobs/", "", archive::EntryType::kDirectory, ""},
          {Blob(image.layer), image.layer},
          {Blob(image.config), image.config},
          {Blob(image.bytes), image.bytes},
          {"index.json", index.Print()},
          {"oci-layout", std::string(spec::kOciLayoutText)}};
}

inline std::string ReadBlob(ImageSource& source, const spec::Descriptor& blob) {
  std::string text;
  const Status got = source.GetBlob(blob, [&](std::string_view chunk) -> Status {
    text += chunk;
    return Ok();
  }, nullptr);
  return got.ok() ? text : "error: " + got.error().Message();
}

}  // namespace ctool::transport::test
