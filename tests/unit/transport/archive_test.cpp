// SPDX-License-Identifier: Apache-2.0
#include "transport/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "lab.hpp"

namespace ctool::transport {
namespace {

using archive::EntryType;
using test::BothWays;
using test::ExpectIn;
using test::Refusal;
using test::Tar;

// What opening says, which must be the same both ways.
std::string Opening(const std::string& tar) {
  const BothWays both(tar);
  // A stream says in addition in which member it was.
  const std::string file = Refusal(both.file), stream = Refusal(both.stream);
  EXPECT_TRUE(stream.size() >= file.size() && stream.substr(stream.size() - file.size()) == file) << stream;
  return file;
}

TEST(Archive, FindsMembersByTheirPlainNames) {
  const std::string large(200'000, 'L');
  const BothWays both(Tar({{"./a//b", "text"}, {"large", large}, {"d", "", EntryType::kDirectory, ""},
                           {"d", "", EntryType::kDirectory, ""}, {"empty", ""}}));
  for (const auto* archive : {&both.file, &both.stream}) {
    ASSERT_OK(*archive);
    const Archive& a = ***archive;
    EXPECT_TRUE(a.Has("a/b"));
    EXPECT_FALSE(a.Has("./a/b"));
    EXPECT_EQ(*a.ReadText("a/b", 100), "text");
    EXPECT_EQ(*a.ReadText("empty", 100), "");
    EXPECT_EQ(*a.ReadText("large", 1 << 20), large);
    ExpectIn(Refusal(a.ReadText("large", 100'000)), "larger than");
    ExpectIn(Refusal(a.ReadText("none", 100)), "missing in x.tar");
    ExpectIn(Refusal(a.Open("d")), "not a regular file");
    const auto file = a.Open("large");
    ASSERT_OK(file);
    EXPECT_EQ(file->range.size, 200'000);
  }
  // Only the large one went to the spool, and its digest is known.
  EXPECT_EQ(both.spool.kept.size(), 1u);
  EXPECT_EQ((*both.stream)->DigestOf("large"), digest::Sha256(large));
  EXPECT_EQ((*both.file)->DigestOf("large"), std::nullopt);
}

TEST(Archive, RefusesWhatProgramsUnderstandDifferently) {
  ExpectIn(Opening(Tar({{"a", "1"}, {"a", "2"}})), "twice");
  ExpectIn(Opening(Tar({{"a", "1"}, {"./a", "2"}})), "twice");
  ExpectIn(Opening(Tar({{"a", "1"}, {"a", "", EntryType::kDirectory, ""}})), "twice");
  ExpectIn(Opening(Tar({{"../a", "1"}})), "invalid member name");
  ExpectIn(Opening(Tar({{std::string(513, 'n'), "1"}})), "invalid member name");
  ExpectIn(Opening(Tar({{"a", "", EntryType::kSymlink, "b"}})), "not a regular file");
  ExpectIn(Opening(Tar({{"a", "1"}, {"b", "", EntryType::kHardLink, "a"}})), "not a regular file");
  ExpectIn(Opening(Tar({{"a", "", EntryType::kFifo, ""}})), "not a regular file");
  ExpectIn(Opening(Tar({{"a", "", EntryType::kCharDevice, ""}})), "not a regular file");
}

TEST(Archive, FollowsDockersLinksInsideOnly) {
  const BothWays both(Tar({{"x/layer.tar", "", EntryType::kSymlink, "../real.tar"}, {"real.tar", "data"},
                           {"out/layer.tar", "", EntryType::kSymlink, "../../../etc/passwd"},
                           {"abs/layer.tar", "", EntryType::kSymlink, "/etc/passwd"},
                           {"gone/layer.tar", "", EntryType::kSymlink, "../none"},
                           {"chain/layer.tar", "", EntryType::kSymlink, "../x/layer.tar"}}));
  for (const auto* archive : {&both.file, &both.stream}) {
    ASSERT_OK(*archive);
    EXPECT_EQ(*(**archive)->ReadText("x/layer.tar", 100), "data");
    for (const char* name : {"out/layer.tar", "abs/layer.tar", "gone/layer.tar", "chain/layer.tar"})
      ExpectIn(Refusal((**archive)->ReadText(name, 100)), "not a regular file");
  }
}

TEST(Archive, Truncated) {
  const std::string whole = Tar({{"a", std::string(3000, 'a')}, {"b", std::string(3000, 'b')}});
  for (const size_t cut : {600u, 2000u, 3600u, 5000u})
    ExpectIn(Opening(whole.substr(0, cut)), cut < 512 ? "not" : "truncated");
  ExpectIn(Opening(whole.substr(0, 300)), "not an image archive");
  ExpectIn(Opening(""), "not an image archive");
}

TEST(Archive, OnlyZerosMayFollow) {
  const std::string whole = Tar({{"a", "1"}});
  EXPECT_EQ(Opening(whole + std::string(100'000, '\0')), "");
  ExpectIn(Opening(whole + "more"), "trailing data");
  ExpectIn(Opening(whole + std::string(1'000'000, '\0') + "x"), "trailing data");
  ExpectIn(Opening(whole + std::string(kMaxTrailing + 512, '\0')), "trailing data");
}

TEST(Archive, CountsItsMembers) {
  std::vector<test::TestMember> many;
  for (size_t i = 0; i <= kMaxMembers; ++i) many.push_back({"m" + std::to_string(i), ""});
  ExpectIn(Opening(Tar(many)), "more than 65536 members");
}

TEST(Archive, AFileIsNotReadThroughForItsNames) {
  // Ten GB of holes: with a pass over all of it this would take seconds.
  const sys::Fd fd(::memfd_create("test", MFD_CLOEXEC));
  const std::string part = Tar({{"a", "1"}});
  archive::Entry entry;
  entry.path = "big";
  entry.size = 10'000'000'000 / 512 * 512;
  std::string head;
  archive::TarWriter tar([&head](std::string_view bytes) -> Status {
    head += bytes;
    return Ok();
  });
  ASSERT_OK(tar.Begin(entry));
  ASSERT_OK(tar.WriteAround(entry.size, [] { return Ok(); }));
  ASSERT_EQ(::pwrite(fd.get(), head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
  const auto behind = static_cast<off_t>(head.size() + entry.size);
  ASSERT_EQ(::pwrite(fd.get(), part.data(), part.size(), behind), static_cast<ssize_t>(part.size()));
  const auto start = std::chrono::steady_clock::now();
  const auto archive = OpenTarFile(sys::Fd(::dup(fd.get())), "big.tar");
  ASSERT_OK(archive);
  EXPECT_EQ(*(*archive)->ReadText("a", 10), "1");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(Folder, StaysInside) {
  const test::Folder folder;
  ASSERT_OK(sys::WriteFileAtomic(folder / "file", "text", 0644, sys::Durability::kNone));
  ASSERT_EQ(::symlink("/etc/passwd", (folder / "out").c_str()), 0);
  ASSERT_EQ(::symlink("file", (folder / "in").c_str()), 0);
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  const auto archive = OpenFolder(sys::Open(folder.path(), O_RDONLY | O_DIRECTORY).value(), "folder");
  EXPECT_EQ(*archive->ReadText("file", 100), "text");
  EXPECT_EQ(*archive->ReadText("in", 100), "text");
  EXPECT_FALSE(archive->ReadText("out", 1 << 20).ok());
  ExpectIn(Refusal(archive->ReadText("fifo", 100)), "not a regular file");
  ExpectIn(Refusal(archive->ReadText("none", 100)), "missing in folder");
  EXPECT_FALSE(archive->ReadText("../" + folder.path().substr(5) + "/file", 100).ok());
}

}  // namespace
}  // namespace ctool::transport
