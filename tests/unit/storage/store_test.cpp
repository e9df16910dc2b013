// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include "fixture.hpp"

namespace ctool::storage {
namespace {

TEST_F(StoreTest, MakesPrivateFoldersAndTheMarker) {
  ::umask(0);
  Open();
  ::umask(022);
  for (const char* folder : {"", "blobs", "blobs/sha256", "blobs/sha512", "layers", "containers",
                             "volumes", "staging", "trash"})
    EXPECT_EQ(Stat(root_ + "/" + folder).st_mode & 0777, 0700u) << folder;
  EXPECT_EQ(Stat(root_ + "/.ctool-store").st_mode & 0777, 0600u);
  EXPECT_EQ(Open().root(), root_);
  EXPECT_EQ(Store::Open(root_ + "//")->root(), root_);
}

TEST_F(StoreTest, TwentyFirstRunsAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 20; ++i)
    children.push_back(Fork([&] { return Store::Open(root_).ok() ? 0 : 1; }));
  for (const pid_t child : children) EXPECT_EQ(ExitOf(child), 0);
  EXPECT_EQ(Count("staging"), 0u);
}

TEST_F(StoreTest, FinishesAnInterruptedFirstRun) {
  Open();
  ASSERT_EQ(::unlink((root_ + "/.ctool-store").c_str()), 0);
  ASSERT_EQ(::rmdir((root_ + "/trash").c_str()), 0);
  Write(root_ + "/.ctool-store.tmp-0123456789ab", "half");
  Open();
  EXPECT_EQ(Count("trash"), 0u);
}

TEST_F(StoreTest, RefusesFoldersOfOthers) {
  ASSERT_EQ(::mkdir(root_.c_str(), 0700), 0);
  Write(root_ + "/thesis.tex", "years of work");
  const Result<Store> store = Store::Open(root_);
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(sys::Exists(root_ + "/.ctool-store"));
  for (const char* path : {"", "/", "//", "relative/path"})
    EXPECT_EQ(Store::Open(path).error().code(), Code::kInvalidArgument) << path;
}

TEST_F(StoreTest, RefusesASymlinkInPlaceOfTheFolder) {
  ASSERT_EQ(::mkdir((folder_ + "/elsewhere").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("elsewhere", root_.c_str()), 0);
  EXPECT_FALSE(Store::Open(root_).ok());
}

TEST_F(StoreTest, OpensForReadingWhereItMayNotWrite) {
  Open();
  EXPECT_IN_MOUNT_NAMESPACE([&]() -> int {
    if (::mount(root_.c_str(), root_.c_str(), nullptr, MS_BIND, nullptr) != 0) return kCannotMount;
    if (::mount(nullptr, root_.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      return kCannotMount;
    const Result<Store> store = Store::Open(root_);
    if (!store.ok()) return 1;
    if (store->HasBlob(digest::Sha256("x"), 1)) return 2;
    const Status put = store->PutBlob("x", digest::Sha256("x"));
    return !put.ok() && put.error().sys_errno() == EROFS ? 0 : 3;
  });
}

// --- trash -----------------------------------------------------------------------------------

class TrashTest : public StoreTest {};

TEST_F(TrashTest, DiscardIsARenameAndEmptyTrashDeletes) {
  const Store store = Open();
  ASSERT_OK(sys::MakeDirs(root_ + "/containers/abc/upper/etc", 0700));
  Write(root_ + "/containers/abc/upper/etc/passwd", "root");
  ASSERT_OK(store.Discard(root_ + "/containers/abc"));
  EXPECT_FALSE(sys::Exists(root_ + "/containers/abc"));
  EXPECT_EQ(Count("trash"), 1u);
  ASSERT_OK(store.Discard(root_ + "/containers/abc"));
  ASSERT_OK(store.EmptyTrash());
  EXPECT_EQ(Count("trash"), 0u);
}

TEST_F(TrashTest, RefusesWhatIsNotAPartOfTheStore) {
  const Store store = Open();
  Write(folder_ + "/precious", "x");
  ASSERT_EQ(::mkdir((folder_ + "/store2").c_str(), 0700), 0);
  ASSERT_EQ(::symlink(folder_.c_str(), (root_ + "/containers/way").c_str()), 0);
  for (const std::string& path :
       {folder_ + "/precious", folder_ + "/store2/x", root_, root_ + "/", root_ + "/ctool.db",
        root_ + "/.ctool-store", root_ + "/layers", root_ + "/layers/", root_ + "/blobs/sha256",
        root_ + "/trash/x", root_ + "/layers/../../precious", root_ + "/layers/./x",
        root_ + "/containers/way/precious", std::string("layers/x"), std::string("/"),
        std::string()}) {
    const Status discarded = store.Discard(path);
    ASSERT_FALSE(discarded.ok()) << path;
    EXPECT_EQ(discarded.error().code(), Code::kInvalidArgument) << path;
  }
  EXPECT_TRUE(sys::Exists(folder_ + "/precious"));
  // The link itself is a part of the store.
  ASSERT_OK(store.Discard(root_ + "/containers/way"));
  ASSERT_OK(store.EmptyTrash());
  EXPECT_TRUE(sys::Exists(folder_ + "/precious"));
}

TEST_F(TrashTest, DeletesNothingWithoutTheMarker) {
  const Store store = Open();
  ASSERT_OK(sys::MakeDirs(root_ + "/layers/x", 0700));
  ASSERT_OK(sys::MakeDirs(root_ + "/trash/y", 0700));
  ASSERT_EQ(::unlink((root_ + "/.ctool-store").c_str()), 0);
  EXPECT_EQ(store.Discard(root_ + "/layers/x").error().code(), Code::kCorrupt);
  EXPECT_EQ(store.EmptyTrash().error().code(), Code::kCorrupt);
  ASSERT_EQ(::symlink("/etc/passwd", (root_ + "/.ctool-store").c_str()), 0);
  EXPECT_EQ(store.Discard(root_ + "/layers/x").error().code(), Code::kCorrupt);
  EXPECT_TRUE(sys::Exists(root_ + "/layers/x"));
  EXPECT_TRUE(sys::Exists(root_ + "/trash/y"));
}

TEST_F(TrashTest, GoesOnAfterAnErrorAndNeverCrossesAMount) {
  const Store store = Open();
  ASSERT_OK(sys::MakeDirs(folder_ + "/canary", 0700));
  Write(folder_ + "/canary/file", "x");
  for (const char* name : {"a", "b", "c"})
    ASSERT_OK(sys::MakeDirs(root_ + "/trash/" + name + "/inner", 0700));
  EXPECT_IN_MOUNT_NAMESPACE([&]() -> int {
    const std::string at = root_ + "/trash/b/inner";
    if (::mount((folder_ + "/canary").c_str(), at.c_str(), nullptr, MS_BIND, nullptr) != 0)
      return kCannotMount;
    const Status emptied = store.EmptyTrash();
    if (emptied.ok() || emptied.error().code() != Code::kBusy) return 1;
    if (sys::Exists(root_ + "/trash/a") || sys::Exists(root_ + "/trash/c")) return 2;
    if (!sys::Exists(folder_ + "/canary/file")) return 3;
    ::umount2(at.c_str(), MNT_DETACH);
    return store.EmptyTrash().ok() ? 0 : 4;
  });
  EXPECT_EQ(Count("trash"), 0u);
}

TEST_F(TrashTest, FilesOfOtherIdsNeedTheUserNamespace) {
  if (::geteuid() != 0) {
    ASSERT_EQ(::getenv("CTOOL_TEST_MUST_WORK"), nullptr) << "needs root";
    GTEST_SKIP() << "needs root to make files of two users";
  }
  // A store of uid 65534 that holds a file of uid 100000 in a folder of that id.
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  const std::string root = folder_ + "/other";
  ASSERT_EQ(::mkdir(root.c_str(), 0700), 0);
  ASSERT_EQ(::chown(root.c_str(), 65534, 65534), 0);
  const auto as_owner = [&](const std::function<int()>& work) {
    return ExitOf(Fork([&]() -> int {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 99;
      return work();
    }));
  };
  EXPECT_EQ(as_owner([&] {
              if (!Store::Open(root).ok()) return 1;
              return ::mkdir((root + "/layers/l").c_str(), 0700) == 0 ? 0 : 2;
            }),
            0);
  ASSERT_OK(sys::MakeDirs(root + "/layers/l/diff", 0755));
  Write(root + "/layers/l/diff/file", "x");
  ASSERT_EQ(::chown((root + "/layers/l/diff").c_str(), 100000, 100000), 0);
  EXPECT_EQ(as_owner([&] {
              const Result<Store> store = Store::Open(root);
              if (!store.ok() || !store->Discard(root + "/layers/l").ok()) return 1;
              const Status emptied = store->EmptyTrash();
              return !emptied.ok() && emptied.error().code() == Code::kPermission ? 0 : 2;
            }),
            0);
  EXPECT_FALSE(sys::Exists(root + "/layers/l"));
}

// --- staging ---------------------------------------------------------------------------------

class StagingTest : public StoreTest {};

TEST_F(StagingTest, LeftoversOfTheDeadGoAndThoseOfTheLivingStay) {
  const Store store = Open();
  int ready[2], go[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(go, O_CLOEXEC), 0);
  const auto begin_blob = [&](bool die) {
    return Fork([&, die]() -> int {
      auto blob = store.NewBlob({});
      if (!blob.ok() || !(*blob)->Write("some bytes").ok()) return 1;
      if (::write(ready[1], "x", 1) != 1) return 2;
      if (die) ::raise(SIGKILL);
      char signal;
      if (::read(go[0], &signal, 1) != 1) return 3;
      return (*blob)->Commit().ok() ? 0 : 4;
    });
  };
  char byte;
  const pid_t living = begin_blob(false);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  // Not before the other has begun, which cleans away what is dead then.
  const pid_t dead = begin_blob(true);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(ExitOf(dead), 1000 + SIGKILL);
  ASSERT_OK(sys::MakeDirs(root_ + "/staging/deadbeefdeadbeef/diff", 0700));  // without any lock
  EXPECT_EQ(Count("staging"), 3u);
  ASSERT_OK(store.PutBlob("next", digest::Sha256("next")));  // the next writer cleans
  EXPECT_EQ(Count("staging"), 1u);
  EXPECT_EQ(Count("trash"), 2u);
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  EXPECT_EQ(ExitOf(living), 0);
  EXPECT_TRUE(store.HasBlob(digest::Sha256("some bytes"), 10));
  EXPECT_EQ(Count("staging"), 0u);
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) ::close(fd);
}

TEST_F(StagingTest, ManyWritersNeverLoseTheirStaging) {
  const Store store = Open();
  std::vector<pid_t> children;
  for (int p = 0; p < 8; ++p)
    children.push_back(Fork([&, p] {
      for (int i = 0; i < 40; ++i) {
        const std::string text = std::to_string(p) + "/" + std::to_string(i);
        if (!store.PutBlob(text, digest::Sha256(text)).ok()) return 1;
        if (!store.HasBlob(digest::Sha256(text), static_cast<int64_t>(text.size()))) return 2;
      }
      return 0;
    }));
  for (const pid_t child : children) EXPECT_EQ(ExitOf(child), 0);
  EXPECT_EQ(Count("blobs/sha256"), 320u);
  EXPECT_EQ(Count("staging"), 0u);
}

TEST_F(StagingTest, CollectorsWaitForWhoeverAddsContent) {
  const Store store = Open();
  {
    const auto adding = store.LockContent(sys::FileLock::Mode::kShared);
    const auto also = store.TryLockContent(sys::FileLock::Mode::kShared);
    ASSERT_OK(also);
    EXPECT_EQ(store.TryLockContent(sys::FileLock::Mode::kExclusive).error().code(), Code::kBusy);
  }
  ASSERT_OK(store.TryLockContent(sys::FileLock::Mode::kExclusive));
}

}  // namespace
}  // namespace ctool::storage
