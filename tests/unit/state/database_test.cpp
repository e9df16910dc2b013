// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <vector>

#include "base/clock.hpp"
#include "fixture.hpp"
#include "state/connection_internal.hpp"
#include "sys/lock.hpp"

namespace ctool::state {
namespace {

class DatabaseTest : public StateTest {};

TEST_F(DatabaseTest, MakesOnePrivateFileAndNothingHalfDone) {
  { Database db = Open(); }
  struct stat st {};
  ASSERT_EQ(::stat(path_.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
  EXPECT_FALSE(sys::Exists(path_ + ".new"));
  EXPECT_TRUE(Open().Check().value().empty());
}

TEST_F(DatabaseTest, LeftoverOfACrashedCreationIsNoObstacle) {
  ASSERT_OK(sys::WriteFileAtomic(path_ + ".new", "half a database", 0600, sys::Durability::kNone));
  ASSERT_OK(sys::WriteFileAtomic(path_ + ".new-wal", "junk", 0600, sys::Durability::kNone));
  Database db = Open();
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  EXPECT_FALSE(sys::Exists(path_ + ".new-wal"));
}

TEST_F(DatabaseTest, TwentyFirstRunsAtOnceMakeOneDatabase) {
  std::vector<pid_t> children;
  for (int i = 0; i < 20; ++i)
    children.push_back(Fork([&] {
      Result<Database> db = Database::Open(path_);
      if (!db.ok()) return 1;
      std::string id = Id('0');
      id[0] = static_cast<char>('a' + i % 6);
      id[1] = static_cast<char>('0' + i / 6);
      return db->PutContainer(MakeContainer(id, "c" + std::to_string(i))).ok() ? 0 : 2;
    }));
  for (const pid_t child : children) EXPECT_EQ(WaitFor(child), 0);
  Database db = Open();
  EXPECT_EQ(db.ListContainers(Database::ContainerFields::kSummary)->size(), 20u);
  EXPECT_TRUE(db.Check()->empty());
}

TEST_F(DatabaseTest, RefusesANewerSchema) {
  { Database db = Open(); }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  Result<Database> db = Database::Open(path_);
  ASSERT_FALSE(db.ok());
  EXPECT_EQ(db.error().code(), Code::kUnsupported);
  EXPECT_NE(db.error().Message().find("from a newer version"), std::string::npos);
  EXPECT_FALSE(db.error().hint().empty());
}

// Makes the database of version 1 of what is there.
void MakeVersion1(const std::string& path) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  const char* sql =
      "DROP TABLE artifact_blobs; DROP TABLE artifacts; DROP TABLE blob_variants; PRAGMA user_version = 1";
  ASSERT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
}

TEST_F(DatabaseTest, AnOlderSchemaBecomesOurs) {
  {
    Database db = Open();
    ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  }
  MakeVersion1(path_);
  std::vector<pid_t> children;
  for (int i = 0; i < 10; ++i)
    children.push_back(Fork([&] {
      Result<Database> db = Database::Open(path_);
      return db.ok() && db->PutBlobVariant({DiffId('1'), "gzip", DiffId('2'), 7}).ok() ? 0 : 1;
    }));
  for (const pid_t child : children) EXPECT_EQ(WaitFor(child), 0);
  Database db = Open();
  EXPECT_EQ(db.ListContainers(Database::ContainerFields::kSummary)->size(), 1u);
  EXPECT_TRUE(db.Check()->empty());
}

TEST_F(DatabaseTest, AnOlderSchemaThatNobodyMayChangeCanBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  {
    Database db = Open();
    ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  }
  MakeVersion1(path_);
  ASSERT_EQ(::unlink((path_ + "-wal").c_str()), 0);
  ::unlink((path_ + "-shm").c_str());
  ASSERT_EQ(::chmod(path_.c_str(), 0400), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0500), 0);
  {
    Database db = Open();
    EXPECT_EQ(db.ListContainers(Database::ContainerFields::kSummary)->size(), 1u);
    EXPECT_FALSE(db.FindBlobVariant(DiffId('1'), "gzip")->has_value());
    EXPECT_TRUE(db.ListArtifacts()->empty());
    EXPECT_FALSE(db.FindArtifact("localhost/a:latest")->has_value());
    EXPECT_TRUE(db.ReferencedBlobs()->empty());
  }
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
}

TEST_F(DatabaseTest, RefusesWhatIsNoDatabase) {
  ASSERT_OK(sys::WriteFileAtomic(path_, std::string(8192, 'x'), 0600, sys::Durability::kNone));
  EXPECT_EQ(Database::Open(path_).error().code(), Code::kCorrupt);
  ASSERT_OK(sys::WriteFileAtomic(path_, "", 0600, sys::Durability::kNone));
  EXPECT_EQ(Database::Open(path_).error().code(), Code::kCorrupt);
}

TEST_F(DatabaseTest, ErrorOrRollbackLeavesNothing) {
  Database db = Open();
  const Status failed = db.Transaction(Database::Commit::kDurable, [&]() -> Status {
    EXPECT_TRUE(db.PutContainer(MakeContainer(Id('a'), "web")).ok());
    EXPECT_TRUE(db.FindContainerByName("web")->has_value());
    return Error(Code::kInternal, "on purpose");
  });
  EXPECT_EQ(failed.error().text(), "on purpose");
  EXPECT_FALSE(db.FindContainerByName("web")->has_value());

  ASSERT_OK(db.Begin(Database::Commit::kOrdered));
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  db.Rollback();
  EXPECT_FALSE(db.FindContainerByName("web")->has_value());

  ASSERT_OK(db.Begin(Database::Commit::kOrdered));
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  ASSERT_OK(db.Finish());
  EXPECT_TRUE(Open().FindContainerByName("web")->has_value());
}

TEST_F(DatabaseTest, AnOpenTransactionEndsWithItsConnection) {
  {
    Database db = Open();
    ASSERT_OK(db.Begin(Database::Commit::kDurable));
    ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  }
  Database db = Open();
  EXPECT_FALSE(db.FindContainerByName("web")->has_value());
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
}

TEST_F(DatabaseTest, KillNineInATransactionLosesOnlyThatTransaction) {
  ASSERT_OK(Open().PutContainer(MakeContainer(Id('a'), "before")));
  for (const bool after_commit : {false, true}) {
    const pid_t child = Fork([&] {
      Result<Database> db = Database::Open(path_);
      if (!db.ok() || !db->Begin(Database::Commit::kOrdered).ok()) return 1;
      if (!db->PutContainer(MakeContainer(Id('b'), "during")).ok()) return 2;
      if (after_commit && !db->Finish().ok()) return 3;
      ::raise(SIGKILL);
      return 4;
    });
    const int status = WaitFor(child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    Database db = Open();
    EXPECT_TRUE(db.FindContainerByName("before")->has_value());
    EXPECT_EQ(db.FindContainerByName("during")->has_value(), after_commit);
    EXPECT_TRUE(db.Check()->empty());
    ASSERT_OK(db.PutContainer(MakeContainer(Id(after_commit ? 'd' : 'c'),
                                            after_commit ? "later" : "soon")));
  }
}

// Every process opens anew for each transaction, as commands do, so that logs are recovered and
// folded all the time; none may see "database is locked", and nothing may be lost.
TEST_F(DatabaseTest, ManyWritersLoseNothing) {
  constexpr int kProcesses = 50, kEach = 20;
  { Database db = Open(); }
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p)
    children.push_back(Fork([&] {
      for (int i = 0; i < kEach; ++i) {
        Result<Database> db = Database::Open(path_);
        if (!db.ok()) return 1;
        char id[65];
        std::snprintf(id, sizeof id, "%04x%060x", p, i);
        const auto commit = i % 4 == 0 ? Database::Commit::kDurable : Database::Commit::kOrdered;
        const Status put = db->Transaction(commit, [&]() -> Status {
          Container c = MakeContainer(id, "c" + std::to_string(p) + "-" + std::to_string(i));
          c.spec.assign(3000, 'x');
          return db->PutContainer(c);
        });
        if (!put.ok()) return 2;
        if (!db->FindContainer(id).ok()) return 3;
      }
      return 0;
    }));
  for (const pid_t child : children) EXPECT_EQ(WaitFor(child), 0);
  Database db = Open();
  EXPECT_EQ(db.ListContainers(Database::ContainerFields::kSummary)->size(),
            static_cast<size_t>(kProcesses * kEach));
  EXPECT_TRUE(db.Check()->empty());
}

TEST_F(DatabaseTest, WritersDieAtRandomAndTheDatabaseStaysWhole) {
  { Database db = Open(); }
  for (int round = 0; round < 12; ++round) {
    std::vector<pid_t> children;
    for (int p = 0; p < 4; ++p)
      children.push_back(Fork([&] {
        for (int i = 0;; ++i) {
          Result<Database> db = Database::Open(path_);
          if (!db.ok()) return 1;
          const std::string key = std::to_string(round) + "-" + std::to_string(p) + "-" +
                                  std::to_string(i);
          Status put = db->PutExitCode(key, i);
          if (!put.ok()) return 2;
        }
      }));
    ::usleep(static_cast<useconds_t>(3000 + 1700 * round));
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children) EXPECT_TRUE(WIFSIGNALED(WaitFor(child)));
    ASSERT_TRUE(Open().Check()->empty());
  }
}

// As on file systems without shared memory.
TEST_F(DatabaseTest, WorksWithARollbackJournalToo) {
  { Database db = Open(); }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  std::vector<pid_t> children;
  for (int p = 0; p < 8; ++p)
    children.push_back(Fork([&] {
      for (int i = 0; i < 5; ++i) {
        Result<Database> db = Database::Open(path_);
        if (!db.ok()) return 1;
        const Status put = db->Transaction(Database::Commit::kOrdered, [&]() -> Status {
          return db->PutExitCode(std::to_string(p) + "-" + std::to_string(i), i);
        });
        if (!put.ok()) return 2;
        if (!db->FindExitCode(std::to_string(p) + "-" + std::to_string(i)).ok()) return 3;
        db->Tidy();
      }
      return 0;
    }));
  for (const pid_t child : children) EXPECT_EQ(WaitFor(child), 0);
  const int status = WaitFor(Fork([&] {
    Result<Database> db = Database::Open(path_);
    if (!db.ok() || !db->Begin(Database::Commit::kDurable).ok()) return 1;
    if (!db->PutExitCode("0-0", 77).ok()) return 2;
    ::raise(SIGKILL);
    return 3;
  }));
  ASSERT_TRUE(WIFSIGNALED(status));
  Database db = Open();
  EXPECT_EQ(*db.FindExitCode("0-0"), 0);
  EXPECT_EQ(*db.FindExitCode("7-4"), 4);
  EXPECT_TRUE(db.Check()->empty());
  EXPECT_FALSE(sys::Exists(path_ + "-shm"));
}

TEST_F(DatabaseTest, TheHolderOfTheLockIsNamed) {
  const Result<sys::FileLock> lock =
      sys::FileLock::Acquire(path_ + ".lock", sys::FileLock::Mode::kExclusive);
  ASSERT_OK(lock);
  const std::string text = DescribeLockHolder(path_ + ".lock");
  EXPECT_NE(text.find("held by process " + std::to_string(::getpid())), std::string::npos) << text;
  EXPECT_NE(text.find("unit_state"), std::string::npos) << text;
  EXPECT_EQ(DescribeLockHolder(path_ + ".other"), "");
}

TEST_F(DatabaseTest, WaitingHasADeadline) {
  EXPECT_TRUE(BackOff(0, MonotonicNanos() + 1'000'000'000));
  const int64_t start = MonotonicNanos();
  EXPECT_TRUE(BackOff(1000, MonotonicNanos() + 1'000'000'000));
  EXPECT_GE(MonotonicNanos() - start, 2'000'000);
  EXPECT_FALSE(BackOff(3, MonotonicNanos() - 1));
}

TEST_F(DatabaseTest, ReadersAreNotBlockedByAStoppedWriter) {
  ASSERT_OK(Open().PutContainer(MakeContainer(Id('a'), "web")));
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t writer = Fork([&] {
    Result<Database> db = Database::Open(path_);
    if (!db.ok() || !db->Begin(Database::Commit::kDurable).ok()) return 1;
    if (!db->PutContainer(MakeContainer(Id('b'), "half")).ok()) return 2;
    if (::write(ready[1], "x", 1) != 1) return 3;
    ::raise(SIGSTOP);
    return db->Finish().ok() ? 0 : 4;
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const int64_t start = MonotonicNanos();
  EXPECT_EQ(Open().ListContainers(Database::ContainerFields::kAll)->size(), 1u);
  EXPECT_LT(MonotonicNanos() - start, 1'000'000'000);
  int status = 0;
  ASSERT_EQ(::waitpid(writer, &status, WUNTRACED), writer);
  ::kill(writer, SIGCONT);
  EXPECT_EQ(WaitFor(writer), 0);
  EXPECT_EQ(Open().ListContainers(Database::ContainerFields::kAll)->size(), 2u);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(DatabaseTest, TheLogStaysShort) {
  for (int i = 0; i < 200; ++i) {
    Database db = Open();
    ASSERT_OK(db.Transaction(Database::Commit::kOrdered, [&]() -> Status {
      return db.PutExitCode("container" + std::to_string(i), i);
    }));
  }
  struct stat st {};
  ASSERT_EQ(::stat((path_ + "-wal").c_str(), &st), 0);
  EXPECT_LT(st.st_size, 1'200'000);
  EXPECT_GT(st.st_size, 64 << 10);  // or the next lines prove nothing
  Open().Tidy();
  ASSERT_EQ(::stat((path_ + "-wal").c_str(), &st), 0);
  EXPECT_EQ(st.st_size, 0);
  for (int i = 0; i < 50; ++i) ASSERT_OK(Open().PutExitCode("container" + std::to_string(i), 1));
  ASSERT_EQ(::stat((path_ + "-wal").c_str(), &st), 0);
  EXPECT_LT(st.st_size, 300'000);
}

// In a child of its own without privileges, on folders that it may only read.
int ReadOnlyUse(const std::string& path) {
  if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 1;
  Result<Database> db = Database::Open(path);
  if (!db.ok()) return 2;
  Result<std::vector<Container>> all = db->ListContainers(Database::ContainerFields::kAll);
  if (!all.ok() || all->size() != 1) return 3;
  const Status put = db->PutExitCode("x", 1);
  if (put.ok() || put.error().code() != Code::kPermission) return 4;
  return put.error().Message().find("is read-only") == std::string::npos ? 5 : 0;
}

TEST_F(DatabaseTest, OpensForReadingWhereItMayNotWrite) {
  ASSERT_OK(Open().PutContainer(MakeContainer(Id('a'), "web")));
  for (const char* suffix : {"", "-wal", "-shm"})
    ASSERT_EQ(::chmod((path_ + suffix).c_str(), 0444), 0) << suffix;
  ASSERT_EQ(::chmod(folder_.c_str(), 0555), 0);
  EXPECT_EQ(WaitFor(Fork([&] { return ReadOnlyUse(path_); })), 0);

  // The same without the log's files, as a copied store has it.
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  sqlite3* raw = nullptr;
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  ASSERT_EQ(::chmod((path_ + "-wal").c_str(), 0600), 0);
  ASSERT_EQ(::chmod((path_ + "-shm").c_str(), 0600), 0);
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  ASSERT_FALSE(sys::Exists(path_ + "-wal"));
  ASSERT_EQ(::chmod(path_.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0555), 0);
  EXPECT_EQ(WaitFor(Fork([&] { return ReadOnlyUse(path_); })), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
}

// Without privileges inside a user namespace that has only our id.
bool EnterMountNamespace() {
  const std::string uid = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string gid = "0 " + std::to_string(::getegid()) + " 1";
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    for (const auto& [file, text] : {std::pair<const char*, std::string>("setgroups", "deny"),
                                     {"uid_map", uid}, {"gid_map", gid}}) {
      const Result<sys::Fd> fd = sys::Open(std::string("/proc/self/") + file, O_WRONLY);
      if (!fd.ok() || !sys::WriteAll(fd->get(), text, file).ok()) return false;
    }
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// On a tmpfs in a mount namespace of its own, filled to the last block.
int FullDiskUse(const std::string& folder) {
  if (!EnterMountNamespace()) return 77;
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=128m,mode=0700") != 0) return 77;
  const std::string path = folder + "/ctool.db";
  {
    Result<Database> db = Database::Open(path);
    if (!db.ok()) return 1;
    for (int i = 0; i < 40; ++i) {
      Container c = MakeContainer(Id('a'), "c" + std::to_string(i));
      c.id[0] = static_cast<char>('a' + i % 6);
      c.id[1] = static_cast<char>('0' + i / 6);
      c.spec.assign(20000, 'x');
      if (!db->PutContainer(c).ok()) return 2;
    }
    if (!sys::Exists(path + ".reserve")) return 3;
  }
  Result<sys::Fd> filler = sys::Open(folder + "/filler", O_WRONLY | O_CREAT, 0600);
  if (!filler.ok()) return 4;
  const std::string block(4096, 'f');
  while (::write(filler->get(), block.data(), block.size()) > 0) {
  }
  Result<Database> db = Database::Open(path);
  if (!db.ok()) return 5;
  Container big = MakeContainer(Id('7'), "big");
  big.spec.assign(400000, 'x');
  const Status put = db->PutContainer(big);
  if (put.ok() || put.error().sys_errno() != ENOSPC) return 6;
  const auto reserved = [&path] {
    struct stat st {};
    return ::stat((path + ".reserve").c_str(), &st) == 0 ? st.st_size : 0;
  };
  if (reserved() != 1 << 20) return 7;  // not for additions
  Result<std::vector<Container>> all = db->ListContainers(Database::ContainerFields::kSummary);
  if (!all.ok() || all->size() != 40) return 8;
  const auto fill = [&] {
    while (::write(filler->get(), block.data(), block.size()) > 0) {
    }
  };
  // Somebody goes on writing and takes every block that becomes free.
  const Container last = all->back();
  all->pop_back();
  for (Container& c : *all) {
    c.state = ContainerState::kExited;
    if (!db->UpdateContainer(c).ok()) return 13;
    if (!db->RemoveContainer(c.id).ok()) return 9;
    fill();
    // Other commands open and close it.
    db = Database::Open(path);
    if (!db.ok()) return 14;
  }
  // Without the reserve it does not work: there was no room, and the above has shown something.
  ::unlink((path + ".reserve").c_str());
  fill();
  if (db->RemoveContainer(last.id).ok()) return 12;
  if (::ftruncate(filler->get(), 0) < 0 || !db->RemoveContainer(last.id).ok()) return 15;
  if (!db->Check().value().empty()) return 10;
  return db->ListContainers(Database::ContainerFields::kSummary)->empty() ? 0 : 11;
}

TEST_F(DatabaseTest, RemovesOnAFullDisk) {
  const int status = WaitFor(Fork([&] { return FullDiskUse(folder_); }));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
    ASSERT_EQ(::getenv("CTOOL_TEST_MUST_WORK"), nullptr) << "can't mount a tmpfs";
    GTEST_SKIP() << "can't mount a tmpfs here";
  }
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ctool::state
