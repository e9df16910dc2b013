// SPDX-License-Identifier: Apache-2.0
#include "seccomp/record.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "seccomp/seccomp_internal.hpp"
#include "simulate.hpp"

namespace ctool::seccomp {
namespace {

using Json = nlohmann::json;
constexpr uint32_t kAsk = SECCOMP_RET_USER_NOTIF, kAllow = SECCOMP_RET_ALLOW;

const Arch& Native() { return NativeFamily().front(); }
uint32_t Number(const std::string& call) { return NumberOf(Native(), call).value(); }
uint32_t Ask(const std::string& program, const std::string& call, Args args = {}) {
  return Simulate(program, Native().audit, Number(call), args);
}

Recording OfDefault() {
  const Profile profile = ParseProfile(DefaultProfileText()).value();
  Result<Recording> recording = CompileRecording(profile, kDefaultCaps);
  EXPECT_TRUE(recording.ok()) << recording.error().Message();
  return std::move(recording).value();
}

class Seen {
 public:
  Seen() : file_(::memfd_create("seen", MFD_CLOEXEC)), calls_(SeenCalls::Map(file_.get()).value()) {}
  Seen& operator<<(const std::string& call) {
    calls_.Add(0, Number(call));
    return *this;
  }
  SeenCalls& calls() { return calls_; }

 private:
  sys::Fd file_;
  SeenCalls calls_;
};

std::string Recorded(const Recording& recording, const Seen& seen) {
  return RecordedProfile(RecordPlan::Parse(recording.plan).value(), const_cast<Seen&>(seen).calls()).value();
}
std::vector<std::string> Allowed(const std::string& profile) {
  const Json json = Json::parse(profile);
  return json["syscalls"][0]["names"].get<std::vector<std::string>>();
}

TEST(Record, WhatPassesAsksAndWhatIsRefusedStaysRefused) {
  const Recording recording = OfDefault();
  const std::string plain = MustCompile(DefaultProfileText(), kDefaultCaps);
  EXPECT_EQ(Ask(recording.program, "mkdir"), kAsk);
  EXPECT_EQ(Ask(recording.program, "execve"), kAsk) << "the first question";
  EXPECT_EQ(Ask(recording.program, "read"), kAllow) << "in every profile, so that it need not be asked for";
  for (const Arch& arch : NativeFamily())
    for (uint32_t n = 0; n < 1100; ++n) {
      const uint32_t number = n | arch.number_bit, was = Simulate(plain, arch.audit, number), is = Simulate(recording.program, arch.audit, number);
      EXPECT_TRUE(was == kAllow ? is == kAsk || is == kAllow : is == was) << arch.name << " " << n;
    }
}

TEST(Record, RulesForArgumentsStay) {
  const Recording recording = OfDefault();
  EXPECT_EQ(Ask(recording.program, "socket", {2}), kAsk);
  EXPECT_EQ(Ask(recording.program, "socket", {38}), SECCOMP_RET_ERRNO | EPERM) << "AF_ALG";
  const std::string profile = Recorded(recording, Seen() << "socket" << "personality");
  const std::string program = MustCompile(profile);
  EXPECT_EQ(Ask(program, "socket", {2}), kAllow);
  EXPECT_EQ(Ask(program, "socket", {38}), SECCOMP_RET_ERRNO | EPERM);
  EXPECT_EQ(Ask(program, "personality", {0}), kAllow);
  EXPECT_EQ(Ask(program, "personality", {0x40000}), SECCOMP_RET_ERRNO | ENOSYS);
}

TEST(Record, AForkIsNotAskedAboutANewNamespaceIs) {
  const Recording recording = OfDefault();
  EXPECT_EQ(Ask(recording.program, "clone", {0x01200011}), kAllow) << "glibc's fork";
  EXPECT_EQ(Ask(recording.program, "clone", {0x10000011}), kAsk) << "CLONE_NEWUSER";
  const std::string program = MustCompile(Recorded(recording, Seen()));
  EXPECT_EQ(Ask(program, "clone", {0x01200011}), kAllow);
  EXPECT_EQ(Ask(program, "clone", {0x10000011}), SECCOMP_RET_ERRNO | ENOSYS);
  const std::string nesting = MustCompile(Recorded(recording, Seen() << "clone"));
  EXPECT_EQ(Ask(nesting, "clone", {0x10000011}), kAllow);
}

TEST(Record, TheListenerIsHandedOverUnseen) {
  const Recording recording = OfDefault();
  EXPECT_EQ(Ask(recording.program, "sendmsg", {5, 1, kReportFlags}), kAllow);
  EXPECT_EQ(Ask(recording.program, "sendmsg", {5, 1, 0x4000}), kAsk);
}

TEST(Record, AProfileOfWhatWasSeen) {
  const Recording recording = OfDefault();
  const std::string profile = Recorded(recording, Seen() << "mkdir" << "chdir" << "ioctl");
  const std::vector<std::string> names = Allowed(profile);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "mkdir"));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "exit_group")) << "never asked about";
  EXPECT_FALSE(std::binary_search(names.begin(), names.end(), "rmdir"));
  const std::string program = MustCompile(profile);
  EXPECT_EQ(Ask(program, "mkdir"), kAllow);
  EXPECT_EQ(Ask(program, "rmdir"), SECCOMP_RET_ERRNO | ENOSYS);
  EXPECT_EQ(Ask(program, "ioctl", {0, 0x5401}), kAllow);
  EXPECT_EQ(Ask(program, "ioctl", {0, 0x5412}), SECCOMP_RET_ERRNO | EPERM) << "TIOCSTI";
  EXPECT_EQ(profile, Recorded(recording, Seen() << "ioctl" << "chdir" << "mkdir")) << "the order does not matter";
}

#if defined(__x86_64__)
TEST(Record, AnArchitectureIsThereWhenItWasUsed) {
  const Recording recording = OfDefault();
  EXPECT_EQ(Json::parse(Recorded(recording, Seen()))["archMap"][0]["subArchitectures"], Json::array());
  Seen seen;
  seen.calls().Add(1, 39);  // i386's mkdir
  const std::string profile = Recorded(recording, seen);
  EXPECT_EQ(Json::parse(profile)["archMap"][0]["subArchitectures"], Json::array({"SCMP_ARCH_X86"}));
  EXPECT_EQ(Simulate(MustCompile(profile), AUDIT_ARCH_I386, 39), kAllow);
}
#endif

TEST(Record, WithoutAProfileEverythingAsks) {
  const Recording recording = CompileRecording(std::nullopt, {}).value();
  EXPECT_EQ(Ask(recording.program, "reboot"), kAsk);
  const std::string program = MustCompile(Recorded(recording, Seen() << "mkdir"));
  EXPECT_EQ(Ask(program, "mkdir"), kAllow);
  EXPECT_EQ(Ask(program, "reboot"), SECCOMP_RET_ERRNO | ENOSYS);
}

TEST(Record, ThePlanIsReadBackAndADamagedOneRefused) {
  const Recording recording = OfDefault();
  EXPECT_EQ(RecordPlan::Parse(recording.plan).value().Print(), recording.plan);
  EXPECT_FALSE(RecordPlan::Parse("{}").ok());
  EXPECT_FALSE(RecordPlan::Parse(recording.plan.substr(0, recording.plan.size() / 2)).ok());
  EXPECT_FALSE(RecordPlan::Parse(R"({"head":"{}","arches":[],"calls":[{"arch":0,"nr":1,"name":"x","always":false,"rules":"[]"}]})").ok());
}

TEST(Record, BitsBeyondTheTableAreNobodys) {
  Seen seen;
  seen.calls().Add(0, 100000);
  seen.calls().Add(9, 1);
  EXPECT_FALSE(seen.calls().Has(0, 100000));
  EXPECT_FALSE(seen.calls().Has(9, 1));
}

TEST(Names, AreTheNumbersOwn) {
  for (const Arch& arch : NativeFamily())
    for (uint32_t n = 0; n < 600; ++n) {
      const std::optional<std::string> name = NameOf(arch, n | arch.number_bit);
      EXPECT_TRUE(!name || NumberOf(arch, *name) == (n | arch.number_bit)) << arch.name << " " << n << " " << name.value_or("");
    }
  EXPECT_EQ(NameOf(Native(), 462), "mseal");
}

}  // namespace
}  // namespace ctool::seccomp
