// SPDX-License-Identifier: Apache-2.0
//
// What libarchive and GNU tar write must come out as they meant it.
#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <sys/sysmacros.h>

#include <cctype>
#include <map>

#include "archive/tar_reader.hpp"
#include "archive/unpack.hpp"
#include "sandbox.hpp"
#include "sys/child.hpp"

namespace ctool::archive {
namespace {

using test::Sandbox;
using test::Slurp;
using test::Spill;

struct Item {
  std::string path, data, link;
  mode_t type = AE_IFREG;
  bool hardlink = false;
  mode_t mode = 0644;
  int64_t uid = 0, gid = 0, seconds = 1700000000;
  long nanoseconds = 0;
};

// What every format can hold, even v7.
std::vector<Item> PlainItems() {
  return {
      Item{.path = "dir/", .data = {}, .link = {}, .type = AE_IFDIR, .mode = 0755},
      Item{.path = "dir/file", .data = "contents", .link = {}},
      Item{.path = "dir/empty", .data = {}, .link = {}, .mode = 0400},
      Item{.path = "dir/block", .data = std::string(512, 'b'), .link = {}},
      Item{.path = "dir/blocks", .data = std::string(300000, 'c'), .link = {}, .uid = 1000, .gid = 2000},
      Item{.path = "link", .data = {}, .link = "dir/file", .type = AE_IFLNK, .mode = 0777},
      Item{.path = "hard", .data = {}, .link = "dir/file", .hardlink = true},
  };
}

std::vector<Item> UstarItems() {
  std::vector<Item> items = PlainItems();
  items.push_back(Item{.path = "fifo", .data = {}, .link = {}, .type = AE_IFIFO});
  items.push_back(Item{.path = "null", .data = {}, .link = {}, .type = AE_IFCHR});
  items.push_back(Item{.path = "suid", .data = "x", .link = {}, .mode = 04755});
  items.push_back(Item{.path = std::string(90, 'p') + "/" + std::string(90, 'n'), .data = "x", .link = {}});
  return items;
}

std::vector<Item> LargeItems() {
  std::vector<Item> items = UstarItems();
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "directory" + std::to_string(i) + "/";
  items.push_back(Item{.path = deep + "file", .data = "deep", .link = {}});
  items.push_back(Item{.path = "long", .data = {}, .link = deep + "file", .type = AE_IFLNK, .mode = 0777});
  items.push_back(Item{.path = "long2", .data = {}, .link = deep + "file", .hardlink = true});
  items.push_back(Item{.path = "ids", .data = "x", .link = {}, .uid = 4000000000, .gid = 3000000});
  return items;
}

std::vector<Item> PaxItems() {
  std::vector<Item> items = LargeItems();
  items.push_back(Item{.path = "times", .data = "x", .link = {}, .seconds = 1700000000, .nanoseconds = 123456789});
  items.push_back(Item{.path = "latin\xe4\xf6", .data = "x", .link = {}});
  items.push_back(Item{.path = "utf8-\xc3\xa4\xe2\x82\xac", .data = "x", .link = {}});
  return items;
}

std::string WriteWithLibarchive(int (*format)(struct ::archive*), const std::vector<Item>& items) {
  std::string out(8 << 20, '\0');
  size_t used = 0;
  struct ::archive* a = archive_write_new();
  EXPECT_EQ(format(a), ARCHIVE_OK);
  EXPECT_EQ(archive_write_open_memory(a, out.data(), out.size(), &used), ARCHIVE_OK);
  for (const Item& item : items) {
    struct archive_entry* e = archive_entry_new();
    archive_entry_copy_pathname(e, item.path.c_str());
    archive_entry_set_filetype(e, item.type);
    archive_entry_set_perm(e, item.mode);
    archive_entry_set_uid(e, item.uid);
    archive_entry_set_gid(e, item.gid);
    archive_entry_set_mtime(e, item.seconds, item.nanoseconds);
    archive_entry_set_size(e, static_cast<int64_t>(item.data.size()));
    if (item.type == AE_IFCHR) archive_entry_set_rdev(e, makedev(1, 3));
    if (item.hardlink) archive_entry_copy_hardlink(e, item.link.c_str());
    else if (!item.link.empty()) archive_entry_copy_symlink(e, item.link.c_str());
    EXPECT_GE(archive_write_header(a, e), ARCHIVE_WARN) << item.path << archive_error_string(a);
    if (!item.data.empty()) {
      EXPECT_EQ(archive_write_data(a, item.data.data(), item.data.size()),
                static_cast<la_ssize_t>(item.data.size()));
    }
    archive_entry_free(e);
  }
  EXPECT_EQ(archive_write_close(a), ARCHIVE_OK);
  archive_write_free(a);
  out.resize(used);
  return out;
}

EntryType TypeOf(const Item& item) {
  if (item.hardlink) return EntryType::kHardLink;
  switch (item.type) {
    case AE_IFDIR: return EntryType::kDirectory;
    case AE_IFLNK: return EntryType::kSymlink;
    case AE_IFIFO: return EntryType::kFifo;
    case AE_IFCHR: return EntryType::kCharDevice;
    default: return EntryType::kFile;
  }
}

void ExpectItems(const std::string& tar, const std::vector<Item>& items) {
  const std::unique_ptr<Source> source = FromMemory(tar);
  TarReader reader(*source);
  Entry entry;
  for (const Item& item : items) {
    const Result<bool> more = reader.Next(entry);
    ASSERT_TRUE(more.ok()) << item.path << ": " << more.error().Message();
    ASSERT_TRUE(*more);
    EXPECT_EQ(entry.path, item.path);
    EXPECT_EQ(entry.type, TypeOf(item)) << item.path;
    EXPECT_EQ(entry.link, item.link) << item.path;
    EXPECT_EQ(entry.mode, item.mode) << item.path;
    EXPECT_EQ(entry.uid, item.uid) << item.path;
    EXPECT_EQ(entry.gid, item.gid) << item.path;
    EXPECT_EQ(entry.mtime.tv_sec, item.seconds) << item.path;
    EXPECT_EQ(entry.mtime.tv_nsec, item.nanoseconds) << item.path;
    EXPECT_EQ(entry.size, item.data.size()) << item.path;
    std::string data;
    for (;;) {
      const Result<TarReader::Chunk> chunk = reader.Data();
      ASSERT_TRUE(chunk.ok());
      if (chunk->bytes.empty()) break;
      EXPECT_EQ(chunk->offset, data.size());
      data += chunk->bytes;
    }
    EXPECT_TRUE(data == item.data) << item.path;
  }
  const Result<bool> more = reader.Next(entry);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(*more) << entry.path;
}

TEST(Oracle, LibarchiveFormats) {
  ExpectItems(WriteWithLibarchive(archive_write_set_format_v7tar, PlainItems()), PlainItems());
  ExpectItems(WriteWithLibarchive(archive_write_set_format_ustar, UstarItems()), UstarItems());
  ExpectItems(WriteWithLibarchive(archive_write_set_format_gnutar, LargeItems()), LargeItems());
  ExpectItems(WriteWithLibarchive(archive_write_set_format_pax, PaxItems()), PaxItems());
  // The restricted format has no extended header for a time alone.
  std::vector<Item> items = PaxItems();
  for (Item& item : items) item.nanoseconds = 0;
  ExpectItems(WriteWithLibarchive(archive_write_set_format_pax_restricted, items), items);
}

TEST(Oracle, LibarchiveXattrs) {
  std::string out(1 << 20, '\0');
  size_t used = 0;
  struct ::archive* a = archive_write_new();
  archive_write_set_format_pax(a);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  struct archive_entry* e = archive_entry_new();
  archive_entry_copy_pathname(e, "f");
  archive_entry_set_filetype(e, AE_IFREG);
  archive_entry_set_perm(e, 0644);
  archive_entry_set_size(e, 0);
  const std::string value("\0\1=\n\xff", 5);
  archive_entry_xattr_add_entry(e, "user.one", value.data(), value.size());
  archive_entry_xattr_add_entry(e, "user.two", "2", 1);
  EXPECT_EQ(archive_write_header(a, e), ARCHIVE_OK);
  archive_entry_free(e);
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);

  const std::unique_ptr<Source> source = FromMemory(out);
  TarReader reader(*source);
  Entry entry;
  const Result<bool> more = reader.Next(entry);
  ASSERT_TRUE(more.ok()) << more.error().Message();
  std::map<std::string, std::string> got;
  for (const Xattr& xattr : entry.xattrs) got[xattr.name] = xattr.value;
  EXPECT_EQ(got, (std::map<std::string, std::string>{{"user.one", value}, {"user.two", "2"}}));
}

std::string RunTar(std::vector<std::string> argv) {
  argv.insert(argv.begin(), "/bin/tar");
  const Result<sys::Captured> run = sys::RunCaptured(
      {.argv = std::move(argv), .env = {"PATH=/bin", "LC_ALL=C"}, .fds = {}, .exec_fd = -1});
  EXPECT_TRUE(run.ok());
  if (!run.ok()) return run.error().Message();
  return run->status.ok() ? "" : run->err;
}

// A tree with everything that an unprivileged user can make.
void MakeTree(const std::string& root) {
  test::fs::create_directories(root + "/a/b/c");
  Spill(root + "/a/f", "contents");
  Spill(root + "/a/b/large", std::string(700001, 'l'));
  Spill(root + "/a/" + std::string(200, 'n'), "long name");
  const std::string deep = root + "/" + std::string(120, 'x') + "/" + std::string(120, 'y');
  test::fs::create_directories(deep);
  Spill(deep + "/f", "deep");
  ASSERT_EQ(::link((root + "/a/f").c_str(), (root + "/a/b/hard").c_str()), 0);
  ASSERT_EQ(::symlink(std::string(150, 't').c_str(), (root + "/a/long-target").c_str()), 0);
  ASSERT_EQ(::symlink("f", (root + "/a/short").c_str()), 0);
  ASSERT_EQ(::mkfifo((root + "/a/p").c_str(), 0600), 0);
  ASSERT_EQ(::chmod((root + "/a/b/large").c_str(), 04711), 0);
  ASSERT_EQ(::chmod((root + "/a/b/c").c_str(), 01777), 0);
  const sys::Fd fd(::open((root + "/sparse").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  for (const off_t at : {off_t{0}, off_t{1} << 20, off_t{5} << 20, off_t{9} << 20}) {
    const std::string block(4096, static_cast<char>('0' + (at >> 20)));
    ASSERT_EQ(::pwrite(fd.get(), block.data(), block.size(), at), 4096);
  }
  ASSERT_EQ(::ftruncate(fd.get(), 12 << 20), 0);
  const timespec times[2] = {{.tv_sec = 1600000000, .tv_nsec = 0}, {.tv_sec = 1600000000, .tv_nsec = 0}};
  for (const char* path : {"a/f", "a/b/large", "sparse", "a/p", "a/b/c", "a/b", "a", "."})
    ASSERT_EQ(::utimensat(AT_FDCWD, (root + "/" + path).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
}

// Names, types, modes, owners, link counts, contents: of all; times where MakeTree has set them.
std::string WithoutSubseconds(const std::string& description) {
  std::string out;
  for (size_t i = 0; i < description.size(); ++i) {
    if (description[i] == '.' && i > 10 && std::isdigit(description[i - 1]) != 0)
      while (i + 1 < description.size() && std::isdigit(description[i + 1]) != 0) ++i;
    else out += description[i];
  }
  return out;
}

TEST(Oracle, GnuTarTreesComeBackEqual) {
  const std::vector<std::vector<std::string>> formats = {
      {"--format=gnu"},
      {"--format=gnu", "--sparse"},
      {"--format=posix"},
      {"--format=posix", "--sparse", "--sparse-version=0.0"},
      {"--format=posix", "--sparse", "--sparse-version=0.1"},
      {"--format=posix", "--sparse", "--sparse-version=1.0"},
      {"--format=oldgnu", "--sparse"},
  };
  const Sandbox from;
  MakeTree(from.dest());
  for (const std::vector<std::string>& format : formats) {
    std::string tar = testing::TempDir() + "ctool-oracle-XXXXXX";
    const sys::Fd fd(::mkstemp(tar.data()));
    std::vector<std::string> argv = {"-C", from.dest(), "-cf", tar};
    argv.insert(argv.end(), format.begin(), format.end());
    argv.push_back(".");
    ASSERT_EQ(RunTar(argv), "");
    const Sandbox to;
    UnpackOptions options = Sandbox::Options();
    const Result<UnpackStats> stats = to.Unpack(Slurp(tar), options);
    ::unlink(tar.c_str());
    ASSERT_TRUE(stats.ok()) << stats.error().Message();
    EXPECT_EQ(WithoutSubseconds(test::Describe(to.dest())), WithoutSubseconds(test::Describe(from.dest())))
        << testing::PrintToString(format);
    EXPECT_EQ(stats->implied_dirs.size(), 0U);
    if (format.size() > 1) {
      EXPECT_LT(to.Stat("sparse").st_blocks * 512, 1 << 20) << testing::PrintToString(format);
    }
  }
}

}  // namespace
}  // namespace ctool::archive
