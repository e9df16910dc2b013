// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan.hpp"

#include <gtest/gtest.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "runtime/frame.hpp"

namespace ctool::runtime {
namespace {

TEST(PlanMount, SortsOptions) {
  const MountPlan m = PlanMount({"/x", "bind", "/src", {"rbind", "ro", "nosuid", "rslave", "rw"}}).value();
  EXPECT_EQ(m.kind, MountPlan::Kind::kBind);
  EXPECT_TRUE(m.recursive);
  EXPECT_EQ(m.attributes, uint64_t{MOUNT_ATTR_NOSUID}) << "the last of ro and rw wins";
  EXPECT_EQ(m.propagation, uint64_t{MS_SLAVE});
  const MountPlan t = PlanMount({"/t", "tmpfs", "tmpfs", {"size=1m", "nodev", "tmpcopyup", "mode=755"}}).value();
  EXPECT_TRUE(t.copy_up);
  EXPECT_EQ(t.data, (std::vector<std::pair<std::string, std::string>>{{"size", "1m"}, {"mode", "755"}}));
}

TEST(PlanMount, RefusesWhatItCannotMean) {
  EXPECT_FALSE(PlanMount({"x", "bind", "/src", {}}).ok()) << "a relative destination";
  EXPECT_FALSE(PlanMount({"/x", "bind", "src", {}}).ok()) << "a relative source";
  EXPECT_FALSE(PlanMount({"/x", "bind", "/src", {"bogus"}}).ok()) << "an unknown option of a bind";
}

TEST(Capabilities, HaveNamesWithAndWithoutPrefix) {
  EXPECT_EQ(CapabilityBit("CAP_CHOWN"), 0);
  EXPECT_EQ(CapabilityBit("net_admin"), 12);
  EXPECT_FALSE(CapabilityBit("SYS_ADMIN;x"));
  for (int bit = 0; bit <= kLastCapability; ++bit) EXPECT_EQ(CapabilityBit(CapabilityName(bit)), bit);
}

TEST(BuildPlan, NeedsNamespacesAndACommand) {
  spec::RuntimeSpec spec;
  spec.root_path = "/r";
  spec.process.args = {"true"};
  EXPECT_EQ(BuildPlan(spec).error().code(), Code::kUnsupported);
  spec.namespaces = {{"user", ""}, {"mount", ""}};
  EXPECT_TRUE(BuildPlan(spec).ok());
  spec.process.args.clear();
  EXPECT_EQ(BuildPlan(spec).error().code(), Code::kNoCommand);
}

TEST(RuntimeSpec, SurvivesPrintAndParse) {
  spec::RuntimeSpec spec;
  spec.root_path = "/r";
  spec.root_readonly = true;
  spec.hostname = "h";
  spec.process.args = {"sh", "-c", "\x01\n\""};
  spec.process.env = {"A=b"};
  spec.process.umask = 022;
  spec.process.oom_score_adj = -5;
  spec.process.rlimits = {{"RLIMIT_NOFILE", 10, UINT64_MAX}};
  spec.mounts = {{"/proc", "proc", "proc", {"nosuid"}}};
  spec.namespaces = {{"user", ""}, {"network", "/proc/1/ns/net"}};
  spec.uid_mappings = {{0, 1000, 1}};
  spec.sysctl = {{"net.x", "1"}};
  spec.annotations = {{"io.ctool.user", "ann"}};
  const spec::RuntimeSpec again = spec::RuntimeSpec::Parse(spec.Print()).value();
  EXPECT_EQ(again.Print(), spec.Print());
  EXPECT_EQ(again.process.args, spec.process.args);
  EXPECT_EQ(again.process.rlimits[0].hard, UINT64_MAX);
  EXPECT_EQ(again.namespaces[1].path, "/proc/1/ns/net");
}

TEST(Frames, CarryErrorsWithCodeErrnoAndHint) {
  auto [a, b] = SyncSocket::Pair().value();
  ASSERT_TRUE(a.SendError(Stage::kMounts, Error::Sys(EPERM, "mount", "/x").Hint("try less").As(Code::kNotExecutable)).ok());
  Frame frame;
  ASSERT_TRUE(*b.Receive(frame));
  EXPECT_EQ(frame.header.stage, Stage::kMounts);
  const Error error = FrameError(frame);
  EXPECT_EQ(error.Message(), "mount '/x': operation not permitted");
  EXPECT_EQ(error.hint(), "try less");
  EXPECT_EQ(error.code(), Code::kNotExecutable);
}

// A peer that dies with our frames unread must not swallow what it had sent before.
TEST(Frames, AreReadAfterThePeerDied) {
  auto [a, b] = SyncSocket::Pair().value();
  ASSERT_TRUE(a.Send(Msg::kStarted, Stage::kExec, "7").ok());
  ASSERT_TRUE(b.Send(Msg::kGo).ok());
  a.Close();
  Frame frame;
  const Result<bool> first = b.Receive(frame);
  ASSERT_TRUE(first.ok() && *first);
  EXPECT_EQ(frame.payload, "7");
  EXPECT_FALSE(*b.Receive(frame));
}

TEST(Frames, RefuseWhatIsTooShort) {
  auto [a, b] = SyncSocket::Pair().value();
  ASSERT_EQ(::send(a.fd(), "x", 1, 0), 1);
  Frame frame;
  EXPECT_EQ(b.Receive(frame).error().code(), Code::kCorrupt);
}

}  // namespace
}  // namespace ctool::runtime
