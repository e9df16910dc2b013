// SPDX-License-Identifier: Apache-2.0
// A process joins another's namespaces: no container is needed for that, any process in namespaces of its own will do.
#include <gtest/gtest.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "runtime/launch.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::runtime {
namespace {

constexpr int kNamespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;

class JoinTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<sys::Child> child = sys::Child::Clone(kNamespaces);
    if (!child.ok()) GTEST_SKIP() << child.error().Message();
    if (child->in_child()) {
      for (;;) ::pause();
    }
    target_.emplace(std::move(child).value());
    const std::string proc = "/proc/" + std::to_string(target_->pid());
    const auto write = [&](const char* name, const std::string& text) {
      const Result<sys::Fd> file = sys::Open(proc + name, O_WRONLY);
      return file.ok() && sys::WriteAll(file->get(), text, name).ok();
    };
    ASSERT_TRUE(write("/setgroups", "deny"));
    ASSERT_TRUE(write("/uid_map", "0 " + std::to_string(::geteuid()) + " 1"));
    ASSERT_TRUE(write("/gid_map", "0 " + std::to_string(::getegid()) + " 1"));
  }
  void TearDown() override {
    if (!target_) return;
    static_cast<void>(target_->Signal(SIGKILL));
    static_cast<void>(target_->Wait());
  }

  Result<Launch> Join(const std::vector<std::string>& args, const std::string& cwd = "/") {
    spec::RuntimeSpec spec;
    spec.root_path = "/";
    for (const char* type : {"user", "pid", "mount", "uts", "ipc"}) spec.namespaces.push_back({type, ""});
    spec.process.args = args;
    spec.process.cwd = cwd;
    spec.process.env = {"PATH=/bin:/usr/bin"};
    InitPlan plan = TRY(BuildPlan(std::move(spec)));
    const int stdio[3] = {0, 1, 2};
    return Launch::Join(target_->pidfd(), std::move(plan), stdio, {});
  }
  // The exit status of a command in there.
  Result<int> Run(const std::vector<std::string>& args, const std::string& cwd = "/") {
    Launch launch = TRY(Join(args, cwd));
    TRY(launch.AwaitReady([](pid_t, const FuseMount&) { return Ok(); }));
    TRY(launch.Exec());
    sys::Child child = std::move(launch).TakeChild();
    return TRY(child.Wait()).code;
  }

  std::optional<sys::Child> target_;
};

TEST_F(JoinTest, RunsInTheNamespacesOfTheOther) {
  EXPECT_EQ(Run({"/bin/sh", "-c", "exit 7"}).value(), 7);
  // The other is process 1 there, and we are root.
  EXPECT_EQ(Run({"/bin/sh", "-c", "test $(id -u) = 0 && kill -0 1 && test $$ -lt 20"}).value(), 0);
}

TEST_F(JoinTest, FailuresComeBackWithTheirCode) {
  EXPECT_EQ(Run({"/no/such"}).error().code(), Code::kNoCommand);
  EXPECT_EQ(Run({"/etc"}).error().code(), Code::kNotExecutable);
  EXPECT_EQ(Run({"true"}, "/no/such/folder").error().code(), Code::kNotExecutable);
}

TEST_F(JoinTest, OneThatHasEndedCannotBeJoined) {
  ASSERT_TRUE(target_->Signal(SIGKILL).ok());
  pollfd polled{target_->pidfd(), POLLIN, 0};
  ASSERT_EQ(::poll(&polled, 1, 5000), 1);
  const Result<Launch> joined = Join({"/bin/true"});
  ASSERT_FALSE(joined.ok());
  EXPECT_NE(joined.error().Message().find("ended"), std::string::npos) << joined.error().Message();
}

TEST_F(JoinTest, OneThatIsGivenUpBeforeExecLeavesNothing) {
  pid_t pid = 0;
  {
    Launch launch = Join({"/bin/sleep", "3210"}).value();
    pid = launch.pid();
    ASSERT_GT(pid, 0);
  }
  // Its socket has ended, or its parent's handle has killed it.
  for (int i = 0; i < 100 && ::kill(pid, 0) == 0; ++i) ::usleep(20'000);
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace ctool::runtime
