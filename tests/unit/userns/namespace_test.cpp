// SPDX-License-Identifier: Apache-2.0
//
// Tests that make real user namespaces. As root the parts that need an unprivileged caller run in
// a child that has given its identity away.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "sys/child.hpp"
#include "sys/file.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

constexpr uid_t kNobodyInParticular = 61234;

// Root of a user namespace may have no other id to turn into.
#define SKIP_WITHOUT_SECOND_IDENTITY() \
  if (::geteuid() == 0 && InUserNamespace()) GTEST_SKIP() << "needs the host's root, or a user"

// Runs `body` without privileges in a child and returns what it returned.
template <class F>
int Unprivileged(const F& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) < 0 ||
         ::setresgid(kNobodyInParticular, kNobodyInParticular, kNobodyInParticular) < 0 ||
         ::setresuid(kNobodyInParticular, kNobodyInParticular, kNobodyInParticular) < 0))
      ::_exit(99);
    ::prctl(PR_SET_DUMPABLE, 1);
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A process in a fresh user namespace that waits to be killed.
class Namespace {
 public:
  Namespace() : child_(std::move(sys::Child::Clone(CLONE_NEWUSER)).value()) {
    if (!child_.in_child()) return;
    for (;;) ::pause();
  }
  pid_t pid() const { return child_.pid(); }
  std::string Read(const std::string& name) const {
    Result<std::string> text = sys::ReadFile("/proc/" + std::to_string(pid()) + "/" + name);
    return text.ok() ? *text : "";
  }

 private:
  sys::Child child_;
};

class WithDir : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_SECOND_IDENTITY();
    ASSERT_NE(::mkdtemp(dir_.data()), nullptr);
    ASSERT_EQ(::chmod(dir_.c_str(), 0755), 0);
  }
  void TearDown() override {
    const bool made = !dir_.ends_with("XXXXXX");
    EXPECT_TRUE(!made || sys::RemoveTree(dir_).ok());
  }
  std::string Script(const std::string& name, const std::string& body) {
    const std::string path = dir_ + "/" + name;
    EXPECT_TRUE(
        sys::WriteFileAtomic(path, "#!/bin/sh\n" + body, 0755, sys::Durability::kNone).ok());
    return path;
  }
  // A map that asks for helpers.
  static IdMap Helped(const std::string& newuidmap, const std::string& newgidmap) {
    IdMap map = SingleIdMap("", "");
    map.single_id = false;
    map.newuidmap = newuidmap;
    map.newgidmap = newgidmap;
    return map;
  }
  // WriteMaps as an unprivileged caller; what the error says and hints is left in said_.
  void WriteUnprivileged(const std::string& newuidmap, const std::string& newgidmap) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    sys::Fd read_end(ends[0]), write_end(ends[1]);
    ASSERT_EQ(Unprivileged([&] {
                const Namespace target;
                const Status done = WriteMaps(target.pid(), Helped(newuidmap, newgidmap));
                const std::string text =
                    done.ok() ? "ok" : done.error().Message() + "\nhint: " + done.error().hint();
                return sys::WriteAll(write_end.get(), text, "pipe").ok() ? 0 : 1;
              }),
              0);
    write_end.Reset();
    said_ = std::move(sys::ReadAll(read_end.get(), "pipe", 65536)).value();
  }
  bool Said(const std::string& text) const { return said_.find(text) != std::string::npos; }

  std::string dir_ = "/tmp/userns_test.XXXXXX", said_;
};

TEST(WriteMaps, SingleIdWithoutPrivileges) {
  SKIP_WITHOUT_SECOND_IDENTITY();
  EXPECT_EQ(
      Unprivileged([] {
        const Namespace target;
        if (!WriteMaps(target.pid(), SingleIdMap("", "")).ok()) return 1;
        if (ParseMapFile(target.Read("uid_map")) != std::vector<IdMapping>{{0, ::geteuid(), 1}})
          return 2;
        if (ParseMapFile(target.Read("gid_map")) != std::vector<IdMapping>{{0, ::getegid(), 1}})
          return 3;
        return target.Read("setgroups") == "deny\n" ? 0 : 4;
      }),
      0);
}

TEST(WriteMaps, DirectlyWithCapabilities) {
  if (!MayWriteMaps() || InUserNamespace()) GTEST_SKIP() << "needs the host's root";
  IdMap map;
  map.uids = {{0, 0, 1}, {1, 700000, 65536}, {65537, 800000, 3}};
  map.gids = {{0, 0, 1}, {1, 900000, 65536}};
  const Namespace target;
  const Status done = WriteMaps(target.pid(), map);
  ASSERT_TRUE(done.ok()) << done.error().Message();
  EXPECT_EQ(ParseMapFile(target.Read("uid_map")), map.uids);
  EXPECT_EQ(ParseMapFile(target.Read("gid_map")), map.gids);
  EXPECT_EQ(target.Read("setgroups"), "allow\n");
}

TEST(WriteMaps, TheKernelTakesWhatLayOutAllows) {
  if (!MayWriteMaps() || InUserNamespace()) GTEST_SKIP() << "needs the host's root";
  const std::vector<IdMapping> host = {{0, 0, UINT32_MAX}};
  std::vector<SubidRange> narrow, wide;
  for (uint32_t i = 0; i < 400; ++i) {
    narrow.push_back({2 + 2 * i, 1});
    wide.push_back({1000000000 + 70000 * i, 65536});
  }
  IdMap map;
  map.uids = LayOut(0, narrow, host);
  map.gids = LayOut(0, wide, host);
  ASSERT_EQ(map.uids.size(), kMaxExtents);
  const Namespace target;
  const Status done = WriteMaps(target.pid(), map);
  ASSERT_TRUE(done.ok()) << done.error().Message();
  // One more of either is refused: the limits are the kernel's, not ours.
  map.uids.push_back({4000000, 4000000, 1});
  const Namespace second;
  EXPECT_FALSE(WriteMaps(second.pid(), map).ok());
  map.uids.pop_back();
  map.gids.push_back({60000000, 3000000000, 65536});
  map.gids.push_back({70000000, 3100000000, 65536});
  const Namespace third;
  EXPECT_FALSE(WriteMaps(third.pid(), map).ok());
}

TEST_F(WithDir, HelpersRunSideBySideWithTheMapAsArguments) {
  // Each waits for the other's sign: one after the other would never end.
  const std::string body = "echo \"$@\" > " + dir_ + "/$1.$(basename $0)\n";
  const std::string wait = "while [ ! -e " + dir_ + "/sign.";
  ASSERT_EQ(::chmod(dir_.c_str(), 0777), 0);
  WriteUnprivileged(
      Script("u", "shift; echo \"$@\" > " + dir_ + "/sign.u\n" + wait + "g ]; do :; done\n"),
      Script("g", "shift; echo \"$@\" > " + dir_ + "/sign.g\n" + wait + "u ]; do :; done\n"));
  EXPECT_EQ(said_, "ok");
  const std::string id = std::to_string(::geteuid() == 0 ? kNobodyInParticular : ::geteuid());
  EXPECT_EQ(*sys::ReadFile(dir_ + "/sign.u"), "0 " + id + " 1\n");
}

TEST_F(WithDir, AHelpersMessageIsPartOfTheError) {
  const std::string good = Script("good", "exit 0\n");
  WriteUnprivileged(Script("bad",
                           "echo 'write to uid_map failed: Operation not permitted' >&2; "
                           "exit 1\n"),
                    good);
  EXPECT_TRUE(Said(dir_ + "/bad exited with status 1: write to uid_map failed: Operation"))
      << said_;
  EXPECT_TRUE(Said("setuid")) << said_;
  WriteUnprivileged(good, Script("bad2", "echo gid trouble; exit 3\n"));
  EXPECT_TRUE(Said("bad2 exited with status 3: gid trouble")) << said_;
}

TEST_F(WithDir, AHelperThatIsKilledOrTalksTooMuchOrIsMissing) {
  const std::string good = Script("good", "exit 0\n");
  WriteUnprivileged(Script("killed", "kill -9 $$\n"), good);
  EXPECT_TRUE(Said("killed by signal 9")) << said_;
  WriteUnprivileged(Script("garbage", "head -c 300000 /dev/zero | tr '\\0' '\\033'; exit 1\n"),
                    good);
  EXPECT_TRUE(Said("exited with status 1: \\x1b\\x1b")) << said_.substr(0, 200);
  EXPECT_LT(said_.size(), 6000u);
  WriteUnprivileged(dir_ + "/missing", good);
  EXPECT_TRUE(Said(dir_ + "/missing exited with status 127: No such file or directory")) << said_;
}

TEST(RunInside, TheResultIsTheWorksStatus) {
  const IdMap map = SingleIdMap("", "");
  for (const int status : {0, 7, 255}) {
    const Result<int> result = RunInside(map, [status] { return status; });
    ASSERT_TRUE(result.ok()) << result.error().Message();
    EXPECT_EQ(*result, status);
  }
  const Result<int> killed = RunInside(map, [] { return ::raise(SIGKILL); });
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(*killed, 128 + SIGKILL);
}

int WorkAsRoot() {
  if (::getuid() != 0 || ::geteuid() != 0 || ::getgid() != 0 || ::getegid() != 0) return 1;
  if (!InUserNamespace()) return 2;
  int signal = 0;
  if (::prctl(PR_GET_PDEATHSIG, &signal) < 0 || signal != SIGKILL) return 3;
  if (::mount("none", "/tmp", "tmpfs", 0, nullptr) < 0) return 4;
  return 0;
}

TEST(RunInside, IsRootInANamespaceOfItsOwn) {
  const Result<int> result = RunInside(SingleIdMap("", ""), WorkAsRoot);
  ASSERT_TRUE(result.ok()) << result.error().Message();
  EXPECT_EQ(*result, 0);
  SKIP_WITHOUT_SECOND_IDENTITY();
  EXPECT_EQ(Unprivileged([] {
              const Result<int> inner = RunInside(SingleIdMap("", ""), WorkAsRoot);
              return inner.ok() ? *inner : 90;
            }),
            0);
}

TEST(RunInside, ChownsToSubordinateIds) {
  if (!MayWriteMaps() || InUserNamespace()) GTEST_SKIP() << "needs the host's root";
  std::string file = "/tmp/userns_chown.XXXXXX";
  const sys::Fd fd(::mkstemp(file.data()));
  IdMap map;
  map.uids = {{0, 0, 1}, {1, 700000, 100}};
  map.gids = {{0, 0, 1}, {1, 800000, 100}};
  const Result<int> result = RunInside(map, [&fd] {
    if (::getgroups(0, nullptr) != 0) return 1;
    return ::fchown(fd.get(), 3, 4) == 0 ? 0 : 2;
  });
  ASSERT_TRUE(result.ok()) << result.error().Message();
  EXPECT_EQ(*result, 0);
  struct stat st {};
  ASSERT_EQ(::fstat(fd.get(), &st), 0);
  EXPECT_EQ(st.st_uid, 700002u);
  EXPECT_EQ(st.st_gid, 800003u);
  ::unlink(file.c_str());
}

// A process in a user namespace of its own, as the first of a container.
class RunJoinedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<sys::Child> child = sys::Child::Clone(CLONE_NEWUSER);
    ASSERT_TRUE(child.ok()) << child.error().Message();
    child_.emplace(std::move(*child));
    if (child_->in_child())
      for (;;) ::pause();
    ASSERT_TRUE(WriteMaps(child_->pid(), map_).ok());
  }
  const IdMap map_ = SingleIdMap("", "");
  std::optional<sys::Child> child_;
};

TEST_F(RunJoinedTest, IsRootInTheOtherNamespaceAndCannotBeLookedInto) {
  const Result<int> result = RunJoined(child_->pidfd(), {.own_mounts = true, .map = &map_}, [] {
    if (::prctl(PR_GET_DUMPABLE) != 0) return 40;
    return WorkAsRoot();
  });
  ASSERT_TRUE(result.ok()) << result.error().Message();
  EXPECT_EQ(*result, 0);
}

TEST_F(RunJoinedTest, NotInOneWithAnotherMap) {
  IdMap other = map_;
  other.gids = {{0, 5000, 1}};
  const Result<int> result = RunJoined(child_->pidfd(), {.own_mounts = true, .map = &other}, [] { return 0; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::kUnsupported);
}

TEST_F(RunJoinedTest, NotInThatOfADeadProcess) {
  const sys::Fd pidfd(::fcntl(child_->pidfd(), F_DUPFD_CLOEXEC, 0));
  child_.reset();  // kills it
  const Result<int> result = RunJoined(pidfd.get(), {}, [] { return 0; });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Code::kBusy);
}

TEST(RunInside, BufferedOutputComesOnce) {
  std::string file = "/tmp/userns_stdio.XXXXXX";
  const sys::Fd fd(::mkstemp(file.data()));
  FILE* out = ::fopen(file.c_str(), "w");
  ASSERT_NE(out, nullptr);
  std::fputs("before ", out);
  const Result<int> result =
      RunInside(SingleIdMap("", ""), [out] { return std::fputs("inside ", out) < 0 ? 1 : 0; });
  std::fputs("after", out);
  ::fclose(out);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*sys::ReadFile(file), "before inside after");
  ::unlink(file.c_str());
}

TEST(RunInside, AMapThatIsRefusedLeavesNoChild) {
  SKIP_WITHOUT_SECOND_IDENTITY();
  EXPECT_EQ(Unprivileged([] {
              IdMap map = SingleIdMap("", "");
              map.uids = {{0, 12345, 1}};  // not ours to give
              const Result<int> result = RunInside(map, [] { return 0; });
              if (result.ok() || result.error().sys_errno() != EPERM) return 1;
              return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD ? 0 : 2;
            }),
            0);
}

TEST(RunInside, TheChildDiesWithTheCaller) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  sys::Fd read_end(ends[0]), write_end(ends[1]);
  const pid_t caller = ::fork();
  if (caller == 0) {
    const Result<int> never = RunInside(SingleIdMap("", ""), [&]() -> int {
      if (::write(write_end.get(), "x", 1) != 1) return 1;
      for (;;) ::pause();
    });
    ::_exit(never.ok() ? 0 : 1);
  }
  write_end.Reset();
  char c;
  ASSERT_EQ(::read(read_end.get(), &c, 1), 1);
  ASSERT_EQ(::kill(caller, SIGKILL), 0);
  ASSERT_EQ(::waitpid(caller, nullptr, 0), caller);
  EXPECT_EQ(::read(read_end.get(), &c, 1), 0);  // the last holder of the pipe is gone
}

TEST(InUserNamespace, KnowsWhereItIs) {
  const Result<int> inside =
      RunInside(SingleIdMap("", ""), [] { return InUserNamespace() ? 1 : 0; });
  ASSERT_TRUE(inside.ok());
  EXPECT_EQ(*inside, 1);
}

TEST(DefaultMap, FallsBackWhereTheRangesAreUnknown) {
  // Inside a single-id namespace no subordinate id exists, whatever the files say.
  const Result<int> inside = RunInside(SingleIdMap("", ""), [] {
    std::string file = "/tmp/userns_nested.XXXXXX";
    const sys::Fd fd(::mkstemp(file.data()));
    if (!sys::WriteAll(fd.get(), "0:100000:65536\n", file).ok()) return 1;
    const Result<IdMap> map = DefaultMap({file, file});
    ::unlink(file.c_str());
    if (!map.ok() || !map->single_id) return 2;
    if (map->degraded_reason.find("not mapped in this user namespace") == std::string::npos)
      return 3;
    const Result<int> nested = RunInside(*map, WorkAsRoot);
    return nested.ok() ? *nested : 4;
  });
  ASSERT_TRUE(inside.ok()) << inside.error().Message();
  EXPECT_EQ(*inside, 0);
}

TEST(ExplainUserns, NamesTheLimitThatIsZero) {
  const Result<int> inside = RunInside(SingleIdMap("", ""), [] {
    // A namespace's own limit: the host's is untouched.
    const sys::Fd limit(::open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC));
    if (!limit || ::write(limit.get(), "0", 1) != 1) return 1;
    if (::unshare(CLONE_NEWUSER) == 0) return 2;
    const int err = errno;
    const Error e = ExplainUserns(err);
    if (e.Message().find("user.max_user_namespaces is 0") == std::string::npos) return 3;
    return e.hint().find("sysctl -w user.max_user_namespaces=") != std::string::npos ? 0 : 4;
  });
  ASSERT_TRUE(inside.ok());
  EXPECT_EQ(*inside, 0);
}

TEST(ExplainUserns, EveryErrnoHasAnAnswer) {
  for (const int err : {EPERM, EACCES, ENOSPC, EUSERS, EINVAL, ENOSYS}) {
    const Error e = ExplainUserns(err);
    EXPECT_EQ(e.sys_errno(), err);
    EXPECT_NE(e.hint(), "") << err;
  }
  EXPECT_EQ(ExplainUserns(EAGAIN).text(), "create a user namespace");
}

}  // namespace
}  // namespace ctool::userns
