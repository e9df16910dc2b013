// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.hpp"

#include <gtest/gtest.h>

#include "sandbox.hpp"
#include "tar_builder.hpp"

namespace ctool::archive {
namespace {

using test::Format;
using test::Raw;
using test::TarBuilder;
using test::Trickle;

struct Read {
  Entry entry;
  std::string data;  // holes as NULs
};

Result<std::vector<Read>> ReadAllEntries(std::string_view tar, size_t step = 1 << 20) {
  Trickle source(tar, step);
  TarReader reader(source);
  std::vector<Read> all;
  for (;;) {
    Read read;
    if (!TRY(reader.Next(read.entry))) break;
    if (read.entry.size < 10 << 20) read.data.resize(read.entry.size);
    for (;;) {
      const TarReader::Chunk chunk = TRY(reader.Data());
      if (chunk.bytes.empty()) break;
      if (!read.data.empty()) read.data.replace(chunk.offset, chunk.bytes.size(), chunk.bytes);
    }
    all.push_back(std::move(read));
  }
  TRY(reader.Drain());
  return all;
}

std::vector<Read> Good(const std::string& tar) {
  Result<std::vector<Read>> all = ReadAllEntries(tar);
  EXPECT_TRUE(all.ok()) << all.error().Message();
  if (!all.ok()) return {};
  // The same whatever the source's chunks.
  const Result<std::vector<Read>> again = ReadAllEntries(tar, 100);
  EXPECT_TRUE(again.ok());
  if (again.ok()) {
    EXPECT_EQ(again->size(), all->size());
    for (size_t i = 0; i < all->size(); ++i) {
      EXPECT_EQ((*again)[i].entry.path, (*all)[i].entry.path);
      EXPECT_TRUE((*again)[i].data == (*all)[i].data);
    }
  }
  return std::move(all).value();
}

std::string Bad(const std::string& tar) {
  const Result<std::vector<Read>> all = ReadAllEntries(tar);
  EXPECT_FALSE(all.ok());
  if (all.ok()) return "accepted";
  EXPECT_EQ(all.error().code(), Code::kCorrupt);
  return all.error().Message();
}

// Octal or base-256 for a raw 12-byte field.
std::string Octal12(uint64_t value) {
  char text[13];
  std::snprintf(text, sizeof text, "%011llo", static_cast<unsigned long long>(value));
  return std::string(text, 12);
}

#define EXPECT_REFUSED(tar, words)                                             \
  do {                                                                         \
    const std::string message_ = Bad(tar);                                     \
    EXPECT_NE(message_.find(words), std::string::npos) << message_;            \
  } while (0)

TEST(TarReader, EmptyArchives) {
  for (const size_t size : {0, 512, 1024, 10240}) EXPECT_TRUE(Good(std::string(size, '\0')).empty());
  EXPECT_TRUE(Good(TarBuilder().Pax({{"comment", "abc"}}, 'g').str()).empty());
}

TEST(TarReader, UstarFields) {
  const auto all = Good(TarBuilder()
                            .Add(Raw{.name = "name", .mode = 04755, .uid = "1000", .gid = "2000",
                                     .prefix = "a/b"},
                                 "contents")
                            .Dir("d/")
                            .Symlink("s", "target")
                            .Link("h", "a/b/name")
                            .Add(Raw{.name = "c", .flag = '3'})
                            .Add(Raw{.name = "b", .flag = '4'})
                            .Add(Raw{.name = "p", .flag = '6'})
                            .Add(Raw{.name = "contiguous", .flag = '7'}, "7")
                            .str());
  ASSERT_EQ(all.size(), 8U);
  EXPECT_EQ(all[0].entry.path, "a/b/name");
  EXPECT_EQ(all[0].entry.type, EntryType::kFile);
  EXPECT_EQ(all[0].entry.mode, 04755U);
  EXPECT_EQ(all[0].entry.uid, 1000U);
  EXPECT_EQ(all[0].entry.gid, 2000U);
  EXPECT_EQ(all[0].entry.mtime.tv_sec, 1700000000);
  EXPECT_EQ(all[0].data, "contents");
  EXPECT_EQ(all[1].entry.type, EntryType::kDirectory);
  EXPECT_EQ(all[2].entry.type, EntryType::kSymlink);
  EXPECT_EQ(all[2].entry.link, "target");
  EXPECT_EQ(all[3].entry.type, EntryType::kHardLink);
  EXPECT_EQ(all[3].entry.link, "a/b/name");
  EXPECT_EQ(all[4].entry.type, EntryType::kCharDevice);
  EXPECT_EQ(all[5].entry.type, EntryType::kBlockDevice);
  EXPECT_EQ(all[6].entry.type, EntryType::kFifo);
  EXPECT_EQ(all[7].entry.type, EntryType::kFile);
  EXPECT_EQ(all[7].data, "7");
}

TEST(TarReader, NamesThatFillTheirField) {
  const std::string name(100, 'n'), prefix(155, 'p'), link(100, 'l');
  const auto all = Good(TarBuilder()
                            .Add(Raw{.name = name, .prefix = prefix})
                            .Add(Raw{.name = "s", .flag = '2', .link = link})
                            .str());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].entry.path, prefix + "/" + name);
  EXPECT_EQ(all[1].entry.link, link);
}

TEST(TarReader, V7) {
  const auto all = Good(TarBuilder()
                            .Add(Raw{.name = "d/", .flag = '\0', .format = Format::kV7})
                            .Add(Raw{.name = "d/f", .flag = '\0', .prefix = "ignored", .format = Format::kV7}, "x")
                            .Add(Raw{.name = "l", .flag = '1', .link = "d/f", .format = Format::kV7})
                            .str());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].entry.type, EntryType::kDirectory);
  EXPECT_EQ(all[1].entry.path, "d/f");
  EXPECT_EQ(all[1].data, "x");
  EXPECT_EQ(all[2].entry.type, EntryType::kHardLink);
}

TEST(TarReader, TrailingSlashMakesADirectory) {
  const auto all = Good(TarBuilder().Add(Raw{.name = "d/"}).str());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].entry.type, EntryType::kDirectory);
  EXPECT_REFUSED(TarBuilder().File("d/", "data").str(), "a directory with data");
}

TEST(TarReader, GnuLongNames) {
  const std::string name = std::string(150, 'n') + "/" + std::string(150, 'm'), link(300, 'l');
  const auto all = Good(TarBuilder()
                            .Gnu('K', link)
                            .Gnu('L', name)
                            .Add(Raw{.name = "cut", .flag = '2', .link = "cut", .format = Format::kGnu})
                            .File("next")
                            .str());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].entry.path, name);
  EXPECT_EQ(all[0].entry.link, link);
  EXPECT_EQ(all[1].entry.path, "next");
}

TEST(TarReader, GnuKeepsTimesInThePlaceOfThePrefix) {
  const std::string times = Octal12(1700000000) + Octal12(1700000001);
  // A long name split by Go before 1.8, which says GNU and means ustar.
  const auto all = Good(TarBuilder()
                            .Add(Raw{.name = "f", .prefix = times, .format = Format::kGnu})
                            .Add(Raw{.name = "f", .prefix = "usr/share", .format = Format::kGnu})
                            .str());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].entry.path, "f");
  EXPECT_EQ(all[1].entry.path, "usr/share/f");
}

TEST(TarReader, Base256Numbers) {
  const auto all = Good(TarBuilder()
                            .Add(Raw{.name = "f", .uid = "4294967294", .gid = "3000000", .mtime = "-5",
                                     .format = Format::kGnu})
                            .Add(Raw{.name = "g", .mtime = "1099511627776", .format = Format::kGnu})
                            .str());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].entry.uid, 4294967294U);
  EXPECT_EQ(all[0].entry.gid, 3000000U);
  EXPECT_EQ(all[0].entry.mtime.tv_sec, -5);
  EXPECT_EQ(all[1].entry.mtime.tv_sec, 1LL << 40);
}

TEST(TarReader, NumbersOutOfRange) {
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .size = "-1", .format = Format::kGnu}).str(), "size");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .size = "4611686018427387904"}).str(), "size");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .size = "12x456789012"}).str(), "size");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .uid = "-1"}).str(), "invalid uid -1");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .uid = "4294967295"}).str(), "invalid uid 4294967295");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .gid = "4294967296"}).str(), "invalid gid 4294967296");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .uid = "\x80\1\1\1\1\1\1\1"}).str(), "invalid uid");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .uid = std::string("8888888\0", 8)}).str(), "invalid uid");
}

TEST(TarReader, PaxRecords) {
  const std::string path(2000, 'p'), link(1500, 'l');
  const auto all = Good(TarBuilder()
                            .Pax({{"path", path},
                                  {"uid", "3000000"},
                                  {"gid", "4294967294"},
                                  {"mtime", "1700000000.125"},
                                  {"size", "4"},
                                  {"atime", "nonsense"},
                                  {"comment", std::string("a\0b", 3)},
                                  {"SCHILY.xattr.user.a", std::string("v\0\n=", 4)},
                                  {"LIBARCHIVE.xattr.user.a", "djA="}})
                            .Add(Raw{.name = "short", .uid = "1", .gid = "1", .mtime = "1"}, "data")
                            .Pax({{"linkpath", link}, {"mtime", "-1.25"}})
                            .Symlink("s", "short")
                            .File("after", "y")
                            .str());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].entry.path, path);
  EXPECT_EQ(all[0].entry.uid, 3000000U);
  EXPECT_EQ(all[0].entry.gid, 4294967294U);
  EXPECT_EQ(all[0].entry.mtime.tv_nsec, 125000000);
  EXPECT_EQ(all[0].data, "data");
  ASSERT_EQ(all[0].entry.xattrs.size(), 1U);
  EXPECT_EQ(all[0].entry.xattrs[0].name, "user.a");
  EXPECT_EQ(all[0].entry.xattrs[0].value, std::string("v\0\n=", 4));
  EXPECT_EQ(all[1].entry.link, link);
  EXPECT_EQ(all[1].entry.mtime.tv_sec, -2);
  EXPECT_EQ(all[1].entry.mtime.tv_nsec, 750000000);
  EXPECT_EQ(all[2].entry.path, "after");  // nothing sticks to the next entry
  EXPECT_EQ(all[2].entry.mtime.tv_sec, 1700000000);
  EXPECT_TRUE(all[2].entry.xattrs.empty());
}

TEST(TarReader, PaxSizeCounts) {
  const auto all = Good(TarBuilder().Pax({{"size", "600"}}).Add(Raw{.name = "f", .size = "0"})
                            .Body(std::string(600, 'x')).File("g").str());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].data, std::string(600, 'x'));
  EXPECT_EQ(all[1].entry.path, "g");
}

TEST(TarReader, LastOfSeveralRecordsCountsAndAnEmptyOneTakesBack) {
  const auto all = Good(TarBuilder()
                            .Pax({{"path", "first"}, {"path", "second"}}).File("f")
                            .Pax({{"path", "first"}, {"path", ""}, {"uid", "7"}, {"uid", ""}}).File("header")
                            .str());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].entry.path, "second");
  EXPECT_EQ(all[1].entry.path, "header");
  EXPECT_EQ(all[1].entry.uid, 0U);
}

TEST(TarReader, GlobalHeaderSetsOwnerAndTimeUntilTheNextOne) {
  const auto all = Good(TarBuilder()
                            .Pax({{"mtime", "42"}, {"uid", "5"}, {"comment", "c"}}, 'g').File("a")
                            .Pax({{"uid", "6"}}).File("b")
                            .Pax({{"uid", ""}}).File("c")
                            .Pax({{"uid", ""}}, 'g').File("d")
                            .str());
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].entry.uid, 5U);
  EXPECT_EQ(all[0].entry.mtime.tv_sec, 42);
  EXPECT_EQ(all[1].entry.uid, 6U);
  EXPECT_EQ(all[1].entry.mtime.tv_sec, 42);
  EXPECT_EQ(all[2].entry.uid, 0U);
  EXPECT_EQ(all[3].entry.uid, 0U);
}

TEST(TarReader, GlobalHeaderMayNotNameOrSizeEntries) {
  for (const char* key : {"path", "linkpath", "size", "GNU.sparse.major", "SCHILY.xattr.user.a"})
    EXPECT_REFUSED(TarBuilder().Pax({{key, "1"}}, 'g').File("a").str(), "a global header sets");
}

TEST(TarReader, BadPaxRecords) {
  for (const std::string& body :
       {std::string("99 path=x\n"), std::string("8 path=x\n"), std::string("11 path=x\n"),
        std::string("x path=x\n"), std::string("path=x\n"), std::string("4 a=\n"),
        std::string("-5 a=b\n"), std::string("7 abcd\n"), std::string("5 =b\n"), std::string("0 \n"),
        std::string("99999999999999999999999 path=x\n"), std::string("3 \n"),
        std::string("7 a\0b=\n", 7), TarBuilder::Record("path", std::string("a\0b", 3)),
        TarBuilder::Record("linkpath", std::string("\0", 1)), TarBuilder::Record("mtime", "nan"),
        TarBuilder::Record("mtime", "1.2.3"), TarBuilder::Record("mtime", "-"),
        TarBuilder::Record("mtime", "0x10"), TarBuilder::Record("SCHILY.xattr.", "x")})
    EXPECT_REFUSED(TarBuilder().PaxRaw(body).File("f").str(), "bad pax record");
  for (const char* id : {"-1", "4294967295", "4294967296", "1x", "0x1", " 1", "1e3"}) {
    EXPECT_REFUSED(TarBuilder().Pax({{"uid", id}}).File("f").str(), "invalid uid");
    EXPECT_REFUSED(TarBuilder().Pax({{"gid", id}}).File("f").str(), "invalid gid");
  }
  for (const char* size : {"-1", "abc", "18446744073709551616", "4611686018427387904"})
    EXPECT_REFUSED(TarBuilder().Pax({{"size", size}}).File("f").str(), "size");
}

TEST(TarReader, TimesFarAwayAreClamped) {
  const auto all = Good(TarBuilder().Pax({{"mtime", std::string(40, '9') + ".5"}}).File("f").str());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_GT(all[0].entry.mtime.tv_sec, 1LL << 40);
}

TEST(TarReader, ExtendedHeadersAreBounded) {
  const std::string huge = "1073741824";
  for (const char flag : {'x', 'g', 'L', 'K'})
    EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "x", .flag = flag, .size = huge}).str(), "header too large");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "x", .flag = 'x', .size = "-1"}).str(), "size");
  // Just inside the limit is fine.
  const auto all = Good(TarBuilder().Pax({{"comment", std::string(1000000, 'c')}}).File("f").str());
  EXPECT_EQ(all.size(), 1U);
}

TEST(TarReader, ExtendedHeadersInTheWrongPlace) {
  EXPECT_REFUSED(TarBuilder().Pax({{"path", "a"}}).Pax({{"path", "b"}}).File("f").str(), "misplaced");
  EXPECT_REFUSED(TarBuilder().Gnu('L', "a").Gnu('L', "b").File("f").str(), "misplaced");
  EXPECT_REFUSED(TarBuilder().Pax({{"path", "a"}}).Pax({{"comment", "b"}}, 'g').File("f").str(), "misplaced");
  EXPECT_REFUSED(TarBuilder().Pax({{"path", "a"}}).str(), "truncated");
  EXPECT_REFUSED(TarBuilder().Pax({{"path", "a"}}).open(), "truncated");
  EXPECT_REFUSED(TarBuilder().Gnu('L', "a").open(), "truncated");
}

TEST(TarReader, UnknownTypes) {
  for (const char flag : {'Z', 'A', 'D', 'M', 'N', 'V', 'X', '8', 'a', '\x7f'})
    EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "f", .flag = flag}).str(), "unknown entry type");
}

TEST(TarReader, SizeOfWhatHasNoDataIsIgnored) {
  // The size of a hard link is that of its file in some archives; no data follows it.
  const auto all = Good(TarBuilder()
                            .Add(Raw{.name = "l", .flag = '1', .link = "x", .size = "700"})
                            .Add(Raw{.name = "d", .flag = '5', .size = "700"})
                            .File("f").str());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].entry.path, "f");
  // If it does, it is not taken for entries: its first block is no header.
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = "l", .flag = '1', .link = "x"}, std::string(700, 'd')).File("f").str(),
                 "not a tar archive");
}

TEST(TarReader, WhatIsNoTar) {
  using std::string_literals::operator""s;
  std::string wrong_sum = TarBuilder().File("f").str();
  wrong_sum[0] = 'g';
  for (const std::string& bytes :
       {wrong_sum, "PK\3\4 a zip"s, "#mtree\n"s, std::string(2000, 'x'), "\x1f\x8b\x08"s + std::string(600, 'g'),
        std::string(100, '\0'), std::string(1, 'x')})
    EXPECT_REFUSED(bytes, "not a tar archive");
  EXPECT_REFUSED(TarBuilder().Add(Raw{.name = ""}).str(), "not a tar archive: an entry with an empty name");
  std::string second = TarBuilder().File("f").File("g").str();
  second[1024] = 'x';
  EXPECT_REFUSED(second, "not a tar archive: wrong header checksum at offset 1024");
}

TEST(TarReader, SignedChecksumsOfOldWriters) {
  std::string tar = TarBuilder().File("\xe4\xf6\xfc").str();
  int sum = 0;
  std::memset(&tar[148], ' ', 8);
  for (size_t i = 0; i < 512; ++i) sum += static_cast<signed char>(tar[i]);
  std::snprintf(&tar[148], 8, "%06o", static_cast<unsigned>(sum));
  EXPECT_EQ(Good(tar).size(), 1U);
}

TEST(TarReader, EveryTruncationInsideAnEntryIsAnError) {
  const std::string tar = TarBuilder().Pax({{"path", "p"}}).File("f", std::string(700, 'x')).open();
  ASSERT_EQ(tar.size(), 512U * 5);
  for (size_t size = 1; size < 512 * 3 + 700; ++size) Bad(tar.substr(0, size));
  EXPECT_REFUSED(tar.substr(0, 512 * 3 + 699), "truncated");
  // The padding of the last entry and the end-of-archive mark may be missing.
  for (const size_t size : {size_t{512 * 3 + 700}, size_t{512 * 4 + 500}, tar.size()})
    EXPECT_EQ(Good(tar.substr(0, size)).size(), 1U);
}

TEST(TarReader, EndOfArchive) {
  const std::string one = TarBuilder().File("f").open(), zero(512, '\0');
  EXPECT_EQ(Good(one + zero).size(), 1U);
  EXPECT_EQ(Good(one + zero + zero + TarBuilder().File("second").str()).size(), 1U);
  EXPECT_EQ(Good(one + zero + zero + "garbage").size(), 1U);
  EXPECT_REFUSED(one + zero + TarBuilder().File("second").str(), "a lone zero block");
}

TEST(TarReader, UnreadDataIsSkipped) {
  const std::string tar = TarBuilder().File("a", std::string(1000000, 'a')).File("b", "bb").str();
  const std::unique_ptr<Source> source = FromMemory(tar);
  TarReader reader(*source);
  Entry entry;
  for (int i = 0; i < 2; ++i) {
    const Result<bool> more = reader.Next(entry);
    ASSERT_TRUE(more.ok() && *more);
  }
  EXPECT_EQ(entry.path, "b");
  const Result<TarReader::Chunk> chunk = reader.Data();
  ASSERT_TRUE(chunk.ok());
  EXPECT_EQ(chunk->bytes, "bb");
}

// --- sparse files ---

std::string OldSparseHeader(const std::vector<std::pair<uint64_t, uint64_t>>& extents, uint64_t real_size,
                            uint64_t data_size, bool extended) {
  std::string h = TarBuilder::Header(Raw{.name = "sparse", .flag = 'S', .format = Format::kGnu}, data_size);
  for (size_t i = 0; i < extents.size(); ++i) {
    h.replace(386 + i * 24, 12, Octal12(extents[i].first));
    h.replace(398 + i * 24, 12, Octal12(extents[i].second));
  }
  h[482] = extended ? 1 : 0;
  h.replace(483, 12, Octal12(real_size));
  return TarBuilder::Sum(h);
}

TEST(Sparse, OldGnu) {
  const std::string data = "startend!";
  const auto all = Good(TarBuilder().Bytes(OldSparseHeader({{0, 5}, {5000, 4}}, 6000, 9, false)).Body(data).File("n").str());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].entry.sparse);
  EXPECT_EQ(all[0].entry.size, 6000U);
  std::string expected(6000, '\0');
  expected.replace(0, 5, "start").replace(5000, 4, "end!");
  EXPECT_TRUE(all[0].data == expected);
  EXPECT_FALSE(all[1].entry.sparse);
}

TEST(Sparse, OldGnuWithExtensionBlocks) {
  std::vector<std::pair<uint64_t, uint64_t>> extents;
  for (uint64_t i = 0; i < 30; ++i) extents.emplace_back(i * 1000, 1);
  std::string tar = OldSparseHeader({extents.begin(), extents.begin() + 4}, 30000, 30, true);
  for (size_t block = 0; block < 2; ++block) {
    std::string more(512, '\0');
    for (size_t i = 0; i < 21 && 4 + block * 21 + i < 30; ++i) {
      more.replace(i * 24, 12, Octal12(extents[4 + block * 21 + i].first));
      more.replace(i * 24 + 12, 12, Octal12(1));
    }
    more[504] = block == 0 ? 1 : 0;
    tar += more;
  }
  std::string data;
  for (int i = 0; i < 30; ++i) data += static_cast<char>('A' + i);
  const auto all = Good(TarBuilder().Bytes(tar).Body(data).File("n").str());
  ASSERT_EQ(all.size(), 2U);
  for (size_t i = 0; i < 30; ++i) EXPECT_EQ(all[0].data[i * 1000], data[i]);
  EXPECT_EQ(all[1].entry.path, "n");
}

TEST(Sparse, MapsThatDoNotHoldTogether) {
  using Extents = std::vector<std::pair<uint64_t, uint64_t>>;
  const auto tar = [](const Extents& extents, uint64_t real_size) {
    return TarBuilder().Bytes(OldSparseHeader(extents, real_size, 8, false)).Body("12345678").str();
  };
  EXPECT_EQ(Good(tar({{0, 4}, {4, 4}, {100, 0}}, 100)).size(), 1U);
  EXPECT_REFUSED(tar({{0, 4}}, 100), "sparse map");              // data left over
  EXPECT_REFUSED(tar({{0, 4}, {10, 5}}, 100), "sparse map");     // data missing
  EXPECT_REFUSED(tar({{10, 4}, {0, 4}}, 100), "sparse map");     // out of order
  EXPECT_REFUSED(tar({{0, 4}, {2, 4}}, 100), "sparse map");      // overlapping
  EXPECT_REFUSED(tar({{0, 4}, {97, 4}}, 100), "sparse map");     // beyond the end
  EXPECT_REFUSED(tar({{0, 4}, {0777777777777, 4}}, 100), "sparse map");
  std::string endless = OldSparseHeader({}, 100, 8, true), more(512, '\0');
  for (size_t i = 0; i < 21; ++i) more.replace(i * 24, 24, Octal12(0) + Octal12(0));
  more[504] = 1;
  for (int i = 0; i < 2000; ++i) endless += more;
  EXPECT_REFUSED(endless, "sparse map has too many");
}

TEST(Sparse, Pax00) {
  const auto all = Good(TarBuilder()
                            .Pax({{"GNU.sparse.size", "3000"}, {"GNU.sparse.numblocks", "2"},
                                  {"GNU.sparse.offset", "1000"}, {"GNU.sparse.numbytes", "2"},
                                  {"GNU.sparse.offset", "2000"}, {"GNU.sparse.numbytes", "3"}})
                            .File("sparse", "abcde").str());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].entry.path, "sparse");
  EXPECT_EQ(all[0].entry.size, 3000U);
  EXPECT_EQ(all[0].data.substr(999, 4), std::string("\0ab\0", 4));
  EXPECT_EQ(all[0].data.substr(2000, 3), "cde");
}

TEST(Sparse, Pax01) {
  const auto all = Good(TarBuilder()
                            .Pax({{"GNU.sparse.size", "3000"}, {"GNU.sparse.numblocks", "2"},
                                  {"GNU.sparse.name", "the/real/name"}, {"GNU.sparse.map", "1000,2,2000,3"}})
                            .File("GNUSparseFile.1/name", "abcde").str());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].entry.path, "the/real/name");
  EXPECT_EQ(all[0].data.substr(2000, 3), "cde");
}

std::string Sparse10(const std::string& map, const std::string& real_size, std::string_view data) {
  std::string body = map;
  body.append((512 - body.size() % 512) % 512, '\0');
  body += data;
  return TarBuilder()
      .Pax({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.name", "real"},
            {"GNU.sparse.realsize", real_size}})
      .File("GNUSparseFile.1/x", body).File("next").str();
}

TEST(Sparse, Pax10) {
  const auto all = Good(Sparse10("2\n1000\n2\n2000\n3\n", "3000", "abcde"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].entry.path, "real");
  EXPECT_EQ(all[0].entry.size, 3000U);
  EXPECT_EQ(all[0].data.substr(2000, 3), "cde");
  EXPECT_EQ(all[1].entry.path, "next");
  // Nothing but a hole, and a map that needs several blocks.
  EXPECT_EQ(Good(Sparse10("0\n", "3000", ""))[0].data, std::string(3000, '\0'));
  std::string map = "300\n", data;
  for (int i = 0; i < 300; ++i) map += std::to_string(i * 10) + "\n1\n", data += 'x';
  EXPECT_EQ(Good(Sparse10(map, "3000", data))[0].data.substr(2980, 12), std::string("x\0\0\0\0\0\0\0\0\0x\0", 12));
}

TEST(Sparse, BadPaxMaps) {
  EXPECT_REFUSED(Sparse10("1\n0\n1\n", "1152921504606846976", "a"), "sparse map");  // 2^60
  EXPECT_REFUSED(Sparse10("1000000\n", "10", "a"), "sparse map");
  EXPECT_REFUSED(Sparse10("2\n0\n1\n", "10", "a"), "sparse map");  // map runs out
  EXPECT_REFUSED(Sparse10("x\n", "10", "a"), "sparse map");
  EXPECT_REFUSED(Sparse10("\n", "10", "a"), "sparse map");
  EXPECT_REFUSED(Sparse10("99999999999999999999\n", "10", "a"), "sparse map");
  EXPECT_REFUSED(Sparse10("1\n0\n1\n", "x", "a"), "sparse map");
  EXPECT_REFUSED(TarBuilder().Pax({{"GNU.sparse.major", "2"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.size", "1"}})
                     .File("f").str(), "unknown sparse map version");
  EXPECT_REFUSED(TarBuilder().Pax({{"GNU.sparse.map", "0,1"}}).File("f").str(), "sparse map without a size");
  EXPECT_REFUSED(TarBuilder().Pax({{"GNU.sparse.map", "0,1,"}, {"GNU.sparse.size", "9"}}).File("f").str(), "sparse map");
  EXPECT_REFUSED(TarBuilder().Pax({{"GNU.sparse.map", "0"}, {"GNU.sparse.size", "9"}}).File("f").str(), "sparse map");
  EXPECT_REFUSED(TarBuilder().Pax({{"GNU.sparse.map", "0,1"}, {"GNU.sparse.numblocks", "7"}, {"GNU.sparse.size", "9"}})
                     .File("f").str(), "sparse map");
  EXPECT_REFUSED(TarBuilder().Pax({{"GNU.sparse.numbytes", "1"}}).File("f").str(), "sparse map order");
  std::string many = "0,0";
  for (int i = 0; i < 20000; ++i) many += ",0,0";
  EXPECT_REFUSED(TarBuilder().Pax({{"GNU.sparse.map", many}, {"GNU.sparse.size", "9"}}).File("f", "").str(), "sparse map");
}

}  // namespace
}  // namespace ctool::archive
