// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_writer.hpp"

#include <gtest/gtest.h>

#include "archive/stream.hpp"

namespace ctool::archive {
namespace {

// What the strict reader makes of one entry that was written.
class RoundTrip {
 public:
  explicit RoundTrip(const Entry& entry, const std::string& data = "", const TarWriter::Extents& extents = {}) {
    TarWriter writer([this](std::string_view bytes) {
      archive_ += bytes;
      return Ok();
    });
    EXPECT_TRUE(writer.Begin(entry, extents).ok());
    EXPECT_TRUE(writer.Write(data).ok());
    EXPECT_TRUE(writer.End().ok());
    EXPECT_TRUE(writer.Finish().ok());
    const std::unique_ptr<Source> source = FromMemory(archive_);
    TarReader reader(*source);
    const Result<bool> next = reader.Next(read_);
    EXPECT_TRUE(next.ok() && *next) << (next.ok() ? "no entry" : next.error().Message());
    for (;;) {
      const Result<TarReader::Chunk> chunk = reader.Data();
      EXPECT_TRUE(chunk.ok());
      if (!chunk.ok() || chunk->bytes.empty()) break;
      if (data_.size() < chunk->offset) data_.resize(chunk->offset, '\0');
      data_ += chunk->bytes;
    }
    Entry end;
    const Result<bool> more = reader.Next(end);
    EXPECT_TRUE(more.ok() && !*more);
  }
  const Entry& entry() const { return read_; }
  const std::string& data() const { return data_; }
  const std::string& bytes() const { return archive_; }

 private:
  std::string archive_, data_;
  Entry read_;
};

Entry File(std::string path, uint64_t size) {
  Entry entry;
  entry.path = std::move(path);
  entry.mode = 04755;
  entry.uid = 65;
  entry.gid = 66;
  entry.mtime.tv_sec = 981173106;
  entry.size = size;
  return entry;
}

TEST(TarWriter, PlainFile) {
  const RoundTrip trip(File("dir/file", 5), "hello");
  EXPECT_EQ(trip.entry().path, "dir/file");
  EXPECT_EQ(trip.entry().mode, 04755U);
  EXPECT_EQ(trip.entry().uid, 65U);
  EXPECT_EQ(trip.entry().gid, 66U);
  EXPECT_EQ(trip.entry().mtime.tv_sec, 981173106);
  EXPECT_EQ(trip.data(), "hello");
  EXPECT_EQ(trip.bytes().size(), 4 * 512U);  // no extended header
}

TEST(TarWriter, LongNames) {
  const std::string component(90, 'n');
  for (const std::string& path : {component + "/" + component, component + "/" + component + "/" + component,
                                  std::string(250, 'x'), std::string(100, 'y'), std::string(101, 'z'), "/" + component + component}) {
    EXPECT_EQ(RoundTrip(File(path, 0)).entry().path, path);
    Entry link = File("link", 0);
    link.type = EntryType::kSymlink;
    link.link = path;
    EXPECT_EQ(RoundTrip(link).entry().link, path);
  }
}

TEST(TarWriter, Directories) {
  Entry dir = File("dir", 0);
  dir.type = EntryType::kDirectory;
  EXPECT_EQ(RoundTrip(dir).entry().type, EntryType::kDirectory);
}

TEST(TarWriter, LargeNumbersAndXattrs) {
  Entry entry = File("file", 0);
  entry.uid = 3000000000U;
  entry.gid = 2097152;
  entry.mtime.tv_sec = -5;
  entry.xattrs = {{"user.a", "b"}, {"security.capability", std::string("\x01\0\0\x02", 4)}};
  const RoundTrip trip(entry);
  EXPECT_EQ(trip.entry().uid, 3000000000U);
  EXPECT_EQ(trip.entry().gid, 2097152U);
  EXPECT_EQ(trip.entry().mtime.tv_sec, -5);
  ASSERT_EQ(trip.entry().xattrs.size(), 2U);
  EXPECT_EQ(trip.entry().xattrs[1].value.size(), 4U);
}

// The length of a record counts its own digits.
TEST(TarWriter, EveryRecordLength) {
  for (size_t size = 101; size < 1200; size += 7) EXPECT_EQ(RoundTrip(File(std::string(size, 'p'), 0)).entry().path.size(), size);
}

TEST(TarWriter, SparseFile) {
  Entry entry = File("sparse", 1 << 20);
  entry.sparse = true;
  const RoundTrip trip(entry, "headtail", {{0, 4}, {(1 << 20) - 4, 4}});
  EXPECT_TRUE(trip.entry().sparse);
  EXPECT_EQ(trip.entry().path, "sparse");
  EXPECT_EQ(trip.data().size(), size_t{1} << 20);
  EXPECT_EQ(trip.data().substr(0, 5), std::string("head\0", 5));
  EXPECT_EQ(trip.data().substr((1 << 20) - 5), std::string("\0tail", 5));
  EXPECT_LT(trip.bytes().size(), 8192U);
}

TEST(TarWriter, NothingButAHole) {
  Entry entry = File("sparse", 4096);
  entry.sparse = true;
  EXPECT_EQ(RoundTrip(entry).entry().size, 4096U);
}

}  // namespace
}  // namespace ctool::archive
