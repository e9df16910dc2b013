// SPDX-License-Identifier: Apache-2.0
#include "transport/destinations.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "lab.hpp"

namespace ctool::transport {
namespace {

using test::ExpectIn;
using test::ReadBlob;
using test::Refusal;
using test::TestImage;

// Puts the image there, its layer once from a file and once from a stream.
Status Put(ImageDestination& to, const TestImage& image, const std::vector<std::string>& names, bool from_file) {
  const sys::Fd layer = test::InFile("before" + image.layer);
  const auto stream = archive::FromMemory(image.layer), config = archive::FromMemory(image.config);
  BlobBytes bytes{stream.get(), {}};
  if (from_file) bytes = {nullptr, FileRange{layer.get(), 6, static_cast<int64_t>(image.layer.size())}};
  if (!TRY(to.TryReuse(image.manifest.layers[0]))) TRY(to.PutBlob(image.manifest.layers[0], bytes, nullptr));
  if (!TRY(to.TryReuse(image.manifest.config))) TRY(to.PutBlob(image.manifest.config, {config.get(), {}}, nullptr));
  return to.PutImage(image.document(), names);
}

Result<Images> Read(const std::string& path) {
  sys::Fd fd = TRY(sys::Open(path, O_RDONLY));
  const struct stat st = TRY(sys::StatFd(fd.get(), path));
  if (S_ISDIR(st.st_mode)) return FindImages(OpenFolder(std::move(fd), path));
  return FindImages(TRY(OpenTarFile(std::move(fd), path)));
}

class Destinations : public testing::TestWithParam<const char*> {};

TEST_P(Destinations, WhatIsWrittenCanBeRead) {
  const TestImage image;
  for (const bool from_file : {true, false}) {
    const test::Folder folder;
    const std::string path = folder / "out";
    const auto to = OpenDestination(**ImageName::Parse(GetParam() + (":" + path)));
    ASSERT_OK(to);
    ASSERT_OK(Put(**to, image, {"localhost/a:1"}, from_file));
    ASSERT_OK((*to)->Finish());
    const Result<Images> images = Read(path);
    ASSERT_OK(images);
    ASSERT_EQ(images->size(), 1u);
    const auto top = images->front()->GetManifest({});
    ASSERT_OK(top);
    const auto manifest = spec::Manifest::Parse(top->bytes);
    ASSERT_OK(manifest);
    EXPECT_EQ(manifest->layers[0].digest, image.layer_digest);
    EXPECT_EQ(ReadBlob(*images->front(), manifest->layers[0]), image.layer);
    EXPECT_EQ(ReadBlob(*images->front(), manifest->config), image.config);
    const std::string kind = GetParam();
    if (kind != "docker-archive") { EXPECT_EQ(top->bytes, image.bytes); }
    const std::vector<std::string> names(kind == "dir" ? 0 : 1, "localhost/a:1");
    EXPECT_EQ(images->front()->GivenNames(), names);
  }
}

TEST_P(Destinations, NothingIsAnImageWithoutFinish) {
  const TestImage image;
  const test::Folder folder;
  const std::string path = folder / "out";
  {
    const auto to = OpenDestination(**ImageName::Parse(GetParam() + (":" + path)));
    ASSERT_OK(to);
    ASSERT_OK(Put(**to, image, {}, true));
  }
  EXPECT_FALSE(Read(path).ok());
}

TEST_P(Destinations, AWrongSizeIsRefused) {
  TestImage image;
  image.manifest.layers[0].size += 1;
  for (const bool from_file : {true, false}) {
    const test::Folder folder;
    const auto to = OpenDestination(**ImageName::Parse(GetParam() + (":" + folder / "out")));
    ASSERT_OK(to);
    ExpectIn(Refusal(Put(**to, image, {}, from_file)), "wrong size");
  }
}

INSTANTIATE_TEST_SUITE_P(All, Destinations, testing::Values("oci-archive", "docker-archive", "oci", "dir"),
                         [](const auto& one) {
                           std::string name = one.param;
                           name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
                           return name;
                         });

TEST(OciArchive, ThroughAPipe) {
  const TestImage image;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const sys::Fd in(ends[0]);
  sys::Fd out(ends[1]);
  std::string text;
  std::thread reader([&] { text = *sys::ReadAll(in.get(), "pipe", 1 << 22); });
  {
    const auto to = ToOciArchive(OutputFile::Borrow(out.get(), "pipe"));
    EXPECT_TRUE(Put(*to, image, {"a:1"}, true).ok());
    EXPECT_TRUE(to->Finish().ok());
  }
  out.Reset();
  reader.join();
  const auto archive = OpenTarFile(test::InFile(text), "pipe");
  ASSERT_OK(archive);
  const Result<Images> images = FindImages(*archive);
  ASSERT_OK(images);
  EXPECT_EQ(images->front()->GetManifest({})->bytes, image.bytes);
}

TEST(OciFolder, KeepsWhatIsThereAndMovesNames) {
  const TestImage image;
  TestImage other;
  other.manifest.annotations["x"] = "y";
  other.bytes = other.manifest.Print();
  const test::Folder folder;
  for (const TestImage* one : {&image, static_cast<const TestImage*>(&other)}) {
    const auto to = ToOciFolder(folder / "out");
    ASSERT_OK(to);
    const std::vector<std::string> names = one == &image ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"b"};
    ASSERT_OK(Put(**to, *one, names, true));
    ASSERT_OK((*to)->Finish());
  }
  const Result<Images> images = Read(folder / "out");
  ASSERT_OK(images);
  ASSERT_EQ(images->size(), 2u);
  EXPECT_EQ((*images)[0]->GivenNames(), std::vector<std::string>{"a"});
  EXPECT_EQ((*images)[1]->GivenNames(), std::vector<std::string>{"b"});
}

TEST(Folders, OfSomebodyElseAreRefused) {
  const test::Folder folder;
  ASSERT_OK(sys::WriteFileAtomic(folder / "mine", "x", 0644, sys::Durability::kNone));
  EXPECT_EQ(ToOciFolder(folder.path()).error().code(), Code::kAlreadyExists);
  EXPECT_EQ(ToDir(folder.path()).error().code(), Code::kAlreadyExists);
  EXPECT_TRUE(sys::Exists(folder / "mine"));
}

TEST(OutputFile, IsThereWhenItIsWhole) {
  const test::Folder folder;
  const std::string path = folder / "file";
  const auto names = [&] {
    const sys::Fd fd = sys::Open(folder.path(), O_RDONLY | O_DIRECTORY).value();
    return sys::ListDir(fd.get(), "folder")->size();
  };
  {
    auto file = OutputFile::Create(path);
    ASSERT_OK(file);
    ASSERT_OK(sys::WriteAll(file->fd(), "half", "file"));
  }
  EXPECT_EQ(names(), 0u);
  for (const char* text : {"one", "two"}) {
    auto file = OutputFile::Create(path);
    ASSERT_OK(file);
    ASSERT_OK(sys::WriteAll(file->fd(), text, "file"));
    ASSERT_OK(file->Publish());
    EXPECT_EQ(*sys::ReadFile(path), text);
    EXPECT_EQ(names(), 1u);
  }
  ASSERT_EQ(::symlink("file", (folder / "link").c_str()), 0);
  auto file = OutputFile::Create(folder / "link");
  ASSERT_OK(file);
  ASSERT_OK(sys::WriteAll(file->fd(), "through", "file"));
  ASSERT_OK(file->Publish());
  EXPECT_EQ(*sys::ReadFile(path), "through");
  EXPECT_EQ(names(), 2u);
  EXPECT_FALSE(OutputFile::Create(folder.path()).ok());
  EXPECT_FALSE(OutputFile::Create(folder / "none/x").ok());
  ASSERT_OK(OutputFile::Create("/dev/null"));
}

}  // namespace
}  // namespace ctool::transport
