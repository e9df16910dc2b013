// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "fixture.hpp"

namespace ctool::storage {
namespace {

class BlobsTest : public StoreTest {};

spec::Descriptor Expect(const std::string& bytes) {
  spec::Descriptor d;
  d.digest = digest::Sha256(bytes);
  d.size = static_cast<int64_t>(bytes.size());
  return d;
}

TEST_F(BlobsTest, KeepsBytesUnderTheirDigest) {
  const Store store = Open();
  const std::string bytes("a\0b\xff", 4);
  const spec::Digest digest = digest::Sha256(bytes);
  EXPECT_FALSE(store.HasBlob(digest, 4));
  auto blob = store.NewBlob(Expect(bytes));
  ASSERT_OK(blob);
  ASSERT_OK((*blob)->Write(bytes.substr(0, 1)));
  ASSERT_OK((*blob)->Write(bytes.substr(1)));
  EXPECT_FALSE(store.HasBlob(digest, 4));  // not before Commit
  ASSERT_OK((*blob)->Commit());
  EXPECT_EQ((*blob)->digest(), digest);
  EXPECT_TRUE(store.HasBlob(digest, 4));
  EXPECT_FALSE(store.HasBlob(digest, 5));
  EXPECT_EQ(*store.ReadBlob(digest, 100), bytes);
  EXPECT_EQ(store.ReadBlob(digest, 3).error().code(), Code::kCorrupt);
  EXPECT_EQ(store.OpenBlob(digest::Sha256("x")).error().code(), Code::kNotFound);
  EXPECT_EQ(*store.ListBlobs(), std::vector<spec::Digest>{digest});
  blob->reset();
  EXPECT_EQ(Count("staging"), 0u);
}

TEST_F(BlobsTest, Sha512HasItsOwnFolder) {
  const Store store = Open();
  digest::Hasher hasher("sha512");
  hasher.Update("text");
  const spec::Digest digest = hasher.Finish();
  ASSERT_OK(store.PutBlob("text", digest));
  EXPECT_EQ(*store.ReadBlob(digest, 100), "text");
  EXPECT_EQ(Count("blobs/sha512"), 1u);
  EXPECT_EQ(Count("blobs/sha256"), 0u);
}

TEST_F(BlobsTest, WithoutADigestTheBlobIsNamedByWhatComes) {
  const Store store = Open();
  auto blob = store.NewBlob({});
  ASSERT_OK(blob);
  ASSERT_OK((*blob)->Write("anything"));
  ASSERT_OK((*blob)->Commit());
  EXPECT_EQ((*blob)->digest(), digest::Sha256("anything"));
  EXPECT_EQ((*blob)->size(), 8);
  EXPECT_TRUE(store.HasBlob((*blob)->digest(), 8));
}

TEST_F(BlobsTest, AnythingWrongLeavesNothing) {
  const Store store = Open();
  const auto receive = [&](const spec::Descriptor& expected, const std::string& bytes) -> Status {
    auto blob = store.NewBlob(expected);
    if (!blob.ok()) return std::move(blob).error();
    Status written = (*blob)->Write(bytes);
    return written.ok() ? (*blob)->Commit() : std::move(written);
  };
  const Status other = receive(Expect("right"), "wrong");
  EXPECT_EQ(other.error().code(), Code::kCorrupt);
  EXPECT_NE(other.error().text().find("digest mismatch"), std::string::npos);
  const Status truncated = receive(Expect("right"), "righ");
  EXPECT_EQ(truncated.error().code(), Code::kCorrupt);
  EXPECT_NE(truncated.error().text().find("got 4 of 5"), std::string::npos);
  EXPECT_EQ(receive(Expect("right"), "right!").error().code(), Code::kCorrupt);
  spec::Descriptor negative = Expect("right");
  negative.size = -1;
  EXPECT_EQ(receive(negative, "right").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(store.PutBlob("a", digest::Sha256("b")).error().code(), Code::kCorrupt);
  {
    auto abandoned = store.NewBlob(Expect("right"));
    ASSERT_OK((*abandoned)->Write("rig"));
  }
  EXPECT_EQ(Count("staging"), 0u);
  EXPECT_EQ(Count("blobs/sha256"), 0u);
  EXPECT_EQ(Count("trash"), 0u);
}

TEST_F(BlobsTest, BelievesWithoutReadingOnlyWhatIsDurable) {
  const Store store = Open();
  const spec::Digest digest = digest::Sha256("0123456789");
  ASSERT_OK(store.PutBlob("0123456789", digest));
  const std::string path = store.BlobPath(digest);
  EXPECT_EQ(Stat(path).st_mode & 0777, 0600u);

  // What a power cut leaves: the name and the size, but not the data.
  const auto overwrite = [&](const std::string& text) {
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    const Result<sys::Fd> fd = sys::Open(path, O_WRONLY | O_TRUNC);
    ASSERT_OK(fd);
    ASSERT_OK(sys::WriteAll(fd->get(), text, path));
  };
  overwrite(std::string(10, '\0'));
  EXPECT_FALSE(store.HasBlob(digest, 10));
  EXPECT_EQ(store.ReadBlob(digest, 100).error().code(), Code::kCorrupt);
  ASSERT_OK(store.PutBlob("0123456789", digest));  // the good one takes its place
  EXPECT_TRUE(store.HasBlob(digest, 10));

  ASSERT_OK(store.Sync());
  EXPECT_EQ(Stat(path).st_mode & 0777, 0400u);
  EXPECT_TRUE(store.HasBlob(digest, 10));
  const ino_t inode = Stat(path).st_ino;
  ASSERT_OK(store.PutBlob("0123456789", digest));  // a durable one stays
  EXPECT_EQ(Stat(path).st_ino, inode);
  overwrite("damaged!!!");
  EXPECT_EQ(store.ReadBlob(digest, 100).error().code(), Code::kCorrupt);
}

TEST_F(BlobsTest, ALinkOrFolderInPlaceOfABlobIsNoBlob) {
  const Store store = Open();
  const spec::Digest digest = digest::Sha256("x");
  Write(folder_ + "/secret", "x");
  ASSERT_EQ(::symlink((folder_ + "/secret").c_str(), store.BlobPath(digest).c_str()), 0);
  EXPECT_FALSE(store.HasBlob(digest, 1));
  EXPECT_FALSE(store.ReadBlob(digest, 10).ok());
  ASSERT_EQ(::unlink(store.BlobPath(digest).c_str()), 0);
  ASSERT_EQ(::mkfifo(store.BlobPath(digest).c_str(), 0600), 0);
  EXPECT_FALSE(store.HasBlob(digest, 0));
  EXPECT_EQ(store.OpenBlob(digest).error().code(), Code::kCorrupt);  // and does not hang
}

TEST_F(BlobsTest, DiscardRemovesOne) {
  const Store store = Open();
  const spec::Digest digest = digest::Sha256("x");
  ASSERT_OK(store.PutBlob("x", digest));
  ASSERT_OK(store.Discard(store.BlobPath(digest)));
  EXPECT_FALSE(store.HasBlob(digest, 1));
  ASSERT_OK(store.EmptyTrash());
}

TEST_F(BlobsTest, AFullDiskGivesItsSpaceBack) {
  EXPECT_IN_MOUNT_NAMESPACE([&]() -> int {
    if (::mkdir(root_.c_str(), 0700) != 0) return 1;
    if (::mount("tmpfs", root_.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) return kCannotMount;
    const Result<Store> store = Store::Open(root_);
    if (!store.ok()) return 2;
    for (int round = 0; round < 3; ++round) {
      spec::Descriptor big;
      big.digest = digest::Sha256("whatever");
      big.size = 4 << 20;
      auto blob = store->NewBlob(big);
      if (!blob.ok()) return 3;
      Status written = Ok();
      for (int i = 0; i < 64 && written.ok(); ++i)
        written = (*blob)->Write(std::string(65536, 'x'));
      if (written.ok() || written.error().sys_errno() != ENOSPC) return 4;
      if (written.error().hint().find("full") == std::string::npos) return 5;
    }
    if (Count("staging") != 0) return 6;
    return store->PutBlob("fits", digest::Sha256("fits")).ok() ? 0 : 7;
  });
}

}  // namespace
}  // namespace ctool::storage
