// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>

#include "fixture.hpp"
#include "storage/hashing_source_internal.hpp"
#include "storage/store_internal.hpp"

namespace ctool::storage {
namespace {

class LayersTest : public StoreTest {};

TEST_F(LayersTest, UnpacksIntoAFolderNamedByTheDiffId) {
  const Store store = Open();
  const Tar tar = Tar().Dir("etc", 0750).File("etc/passwd", "root").File("usr/bin/sh", "#!");
  EXPECT_FALSE(store.HasLayer(tar.Digest()));
  const auto layer = Unpack(store, tar);
  ASSERT_OK(layer);
  EXPECT_EQ(layer->diff_id, tar.Digest());
  EXPECT_EQ(layer->size, 6);
  EXPECT_EQ(layer->stats.entries, 3u);
  EXPECT_TRUE(store.HasLayer(tar.Digest()));
  const std::string diff = store.LayerDiffPath(tar.Digest());
  EXPECT_EQ(*sys::ReadFile(diff + "/etc/passwd"), "root");
  EXPECT_EQ(Stat(diff + "/etc").st_mode & 07777, 0750u);
  EXPECT_EQ(Stat(diff).st_mode & 07777, 0755u);
  EXPECT_EQ(Stat(store.LayerPath(tar.Digest())).st_mode & 07777, 0700u);
  EXPECT_EQ(Count("staging"), 0u);
  EXPECT_EQ(*store.ListLayers(), std::vector<std::string>{std::string(tar.Digest().hex())});

  const auto meta = ReadLayerMeta(store.LayerPath(tar.Digest()));
  ASSERT_OK(meta);
  EXPECT_EQ(meta->size, 6);
  EXPECT_FALSE(meta->root_described);
  EXPECT_FALSE(meta->opaque_root);
  std::vector<std::string> implied = meta->implied_dirs;
  std::sort(implied.begin(), implied.end());
  EXPECT_EQ(implied, (std::vector<std::string>{"usr", "usr/bin"}));
}

TEST_F(LayersTest, TheRootDirectoryIsAsTheArchiveSays) {
  const Store store = Open();
  const Tar tar = Tar().Dir(".", 0555).File("f", "x");
  ASSERT_OK(Unpack(store, tar));
  EXPECT_EQ(Stat(store.LayerDiffPath(tar.Digest())).st_mode & 07777, 0555u);
  EXPECT_TRUE(ReadLayerMeta(store.LayerPath(tar.Digest()))->root_described);
}

TEST_F(LayersTest, WithoutAnExpectedDigestTheLayerIsNamedByWhatCame) {
  const Store store = Open();
  const Tar tar = Tar().File("f", "x");
  const std::string bytes = tar.Bytes();
  const auto source = archive::FromMemory(bytes);
  const auto layer = store.UnpackLayer(*source, spec::Digest(), archive::UnpackOptions());
  ASSERT_OK(layer);
  EXPECT_EQ(layer->diff_id, tar.Digest());
  EXPECT_TRUE(store.HasLayer(tar.Digest()));
}

TEST_F(LayersTest, ADifferentStreamLeavesNothing) {
  const Store store = Open();
  const std::string bytes = Tar().Dir("d").File("d/f", "x").Bytes();
  const auto source = archive::FromMemory(bytes);
  const auto layer =
      store.UnpackLayer(*source, digest::Sha256("other"), archive::UnpackOptions());
  EXPECT_EQ(layer.error().code(), Code::kCorrupt);
  EXPECT_NE(layer.error().text().find("layers do not match the image config"), std::string::npos);
  const std::string cut = bytes.substr(0, 700);
  const auto cut_source = archive::FromMemory(cut);
  EXPECT_FALSE(store.UnpackLayer(*cut_source, digest::Sha256(cut), archive::UnpackOptions()).ok());
  EXPECT_EQ(Count("staging"), 0u);
  EXPECT_EQ(Count("layers"), 0u);
  EXPECT_EQ(Count("trash"), 0u);
}

TEST_F(LayersTest, TwoUnpackersOfOneLayerBothSucceed) {
  const Store store = Open();
  Tar tar;
  for (int i = 0; i < 200; ++i) tar.File("file" + std::to_string(i), std::string(1000, 'x'));
  std::vector<pid_t> children;
  for (int p = 0; p < 6; ++p)
    children.push_back(Fork([&] { return Unpack(store, tar).ok() ? 0 : 1; }));
  for (const pid_t child : children) EXPECT_EQ(ExitOf(child), 0);
  EXPECT_EQ(Count("layers"), 1u);
  EXPECT_EQ(Count("staging"), 0u);
  EXPECT_EQ(Count("layers/" + std::string(tar.Digest().hex()) + "/diff"), 200u);
}

TEST_F(LayersTest, ALayerOfThisBootStaysAndOneOfAnEarlierBootIsReplaced) {
  const Store store = Open();
  const Tar tar = Tar().File("f", "x");
  ASSERT_OK(Unpack(store, tar));
  const std::string layer = store.LayerPath(tar.Digest());
  const ino_t inode = Stat(layer).st_ino;
  ASSERT_OK(Unpack(store, tar));
  EXPECT_EQ(Stat(layer).st_ino, inode);

  LayerMeta meta = *ReadLayerMeta(layer);
  meta.boot_id = "00000000-0000-0000-0000-000000000000";
  Write(layer + "/meta", PrintLayerMeta(meta));
  Write(layer + "/diff/f", "");  // what the power cut left of it
  ASSERT_OK(Unpack(store, tar));
  EXPECT_EQ(*sys::ReadFile(layer + "/diff/f"), "x");

  Write(layer + "/meta", "not json");
  ASSERT_OK(Unpack(store, tar));
  ASSERT_OK(ReadLayerMeta(layer));
  EXPECT_EQ(Count("trash"), 2u);
  ASSERT_OK(store.EmptyTrash());
}

TEST_F(LayersTest, MetaKeepsNamesOfAnyBytes) {
  LayerMeta meta;
  meta.size = INT64_MAX;
  meta.boot_id = "b";
  meta.root_described = true;
  meta.opaque_root = true;
  for (int byte = 1; byte < 256; ++byte)
    meta.implied_dirs.push_back(std::string(3, static_cast<char>(byte)));
  const auto read = ParseLayerMeta(PrintLayerMeta(meta));
  ASSERT_OK(read);
  EXPECT_EQ(read->implied_dirs, meta.implied_dirs);
  EXPECT_EQ(read->size, meta.size);
  EXPECT_TRUE(read->root_described && read->opaque_root);
  const std::string start = R"({"size":1,"bootId":"","rootDescribed":true,"opaqueRoot":)";
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"size":"1"})"),
        start + R"(1,"impliedDirs":[]})", start + R"(true,"impliedDirs":[1]})"})
    EXPECT_EQ(ParseLayerMeta(bad).error().code(), Code::kCorrupt) << bad;
}

TEST_F(LayersTest, LowerDirsStopAtAnOpaqueRoot) {
  const Store store = Open();
  const Tar bottom = Tar().File("a", "1"), middle = Tar().File(".wh..wh..opq", "").File("b", "2"),
            top = Tar().File("c", "3");
  for (const Tar* tar : {&bottom, &middle, &top}) ASSERT_OK(Unpack(store, *tar));
  const auto path = [&](const Tar& tar) { return store.LayerDiffPath(tar.Digest()); };
  EXPECT_EQ(store.LowerDirs({bottom.Digest(), middle.Digest(), top.Digest()}, ""),
            (std::vector<std::string>{path(top), path(middle)}));
  EXPECT_EQ(store.LowerDirs({bottom.Digest(), top.Digest()}, "fixup-x"),
            (std::vector<std::string>{root_ + "/layers/fixup-x/diff", path(top), path(bottom)}));
}

TEST_F(LayersTest, LowerDirsNameALayerOnce) {
  const Store store = Open();
  const Tar a = Tar().File("a", "1"), b = Tar().File("b", "2");
  ASSERT_OK(Unpack(store, a));
  ASSERT_OK(Unpack(store, b));
  EXPECT_EQ(store.LowerDirs({a.Digest(), b.Digest(), a.Digest()}, ""),
            (std::vector<std::string>{store.LayerDiffPath(a.Digest()),
                                      store.LayerDiffPath(b.Digest())}));
}

TEST_F(LayersTest, AFullDiskGivesItsSpaceBack) {
  EXPECT_IN_MOUNT_NAMESPACE([&]() -> int {
    if (::mkdir(root_.c_str(), 0700) != 0) return 1;
    if (::mount("tmpfs", root_.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) return kCannotMount;
    const Result<Store> store = Store::Open(root_);
    if (!store.ok()) return 2;
    const Tar big = Tar().Dir("d").File("d/f", std::string(3 << 20, 'x'));
    for (int round = 0; round < 3; ++round) {
      const auto layer = Unpack(*store, big);
      if (layer.ok() || layer.error().sys_errno() != ENOSPC) return 3;
      if (layer.error().hint().find("full") == std::string::npos) return 4;
    }
    if (Count("staging") != 0 || Count("layers") != 0) return 5;
    return Unpack(*store, Tar().File("fits", "x")).ok() ? 0 : 6;
  });
}

// --- the hash on its own thread --------------------------------------------------------------

// Gives its bytes in pieces of changing size.
class Pieces : public archive::Source {
 public:
  explicit Pieces(std::string_view bytes) : bytes_(bytes) {}
  Result<size_t> Read(std::span<char> into) override {
    const size_t n = std::min({into.size(), bytes_.size(), 1 + (step_ * 7919) % 100000});
    ++step_;
    std::memcpy(into.data(), bytes_.data(), n);
    bytes_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view bytes_;
  size_t step_ = 0;
};

TEST(HashingSourceTest, PassesThroughAndHashes) {
  for (const auto where : {HashingSource::Where::kThread, HashingSource::Where::kInRead})
    for (const size_t size : {0UL, 1UL, 262143UL, 262144UL, 262145UL, 5000000UL}) {
      std::string bytes(size, '\0');
      for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * i >> 3);
      Pieces in(bytes);
      HashingSource source(in, "sha256", where);
      std::string read, chunk(1 << 20, '\0');
      for (;;) {
        const auto n = source.Read(chunk);
        ASSERT_OK(n);
        if (*n == 0) break;
        read.append(chunk.data(), *n);
      }
      EXPECT_EQ(source.Finish(), digest::Sha256(bytes)) << size;
      EXPECT_EQ(read, bytes);
    }
}

TEST(HashingSourceTest, MayBeLeftInTheMiddle) {
  const std::string bytes(3 << 20, 'x');
  Pieces in(bytes);
  HashingSource source(in, "sha512");
  std::string chunk(1 << 20, '\0');
  for (int i = 0; i < 20; ++i) ASSERT_OK(source.Read(chunk));
}

}  // namespace
}  // namespace ctool::storage
