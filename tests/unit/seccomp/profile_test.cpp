// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "seccomp/seccomp.hpp"
#include "sys/file.hpp"

namespace ctool::seccomp {
namespace {

// A profile of one rule whose members are `rule`.
std::string WithRule(const std::string& rule) {
  return R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],)" + rule + "}]}";
}
std::string WithArg(const std::string& arg) {
  return WithRule(R"("action":"SCMP_ACT_ERRNO","args":[{)" + arg + "}]");
}

struct Refusal {
  std::string json, says;
  Code code = Code::kInvalidArgument;
};

TEST(ParseProfile, RefusesWhatItCantEnforce) {
  const std::string allow = R"("defaultAction":"SCMP_ACT_ALLOW")";
  const std::vector<Refusal> refusals = {
      {"", "not a JSON object"},
      {"{", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"null", "not a JSON object"},
      {"{} {}", "not a JSON object"},
      {std::string(100000, '['), "not a JSON object"},
      {std::string(5 << 20, ' '), "larger than 4 MiB"},
      {"{}", "defaultAction is missing"},
      {R"({"defaultAction":null})", "defaultAction is missing"},
      {R"({"defaultAction":7})", "defaultAction must be a string"},
      {R"({"defaultAction":"SCMP_ACT_MAYBE"})", "defaultAction is unknown: \"SCMP_ACT_MAYBE\""},
      {R"({"defaultAction":"SCMP_ACT_NOTIFY"})", "needs a listener", Code::kUnsupported},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":-1})", "defaultErrnoRet must be"},
      {R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096})", "is above 4095"},
      {R"({"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1})", "has no meaning with"},
      {"{" + allow + R"(,"syscalls":{}})", "syscalls must be a list"},
      {"{" + allow + R"(,"syscalls":[7]})", "syscalls[0] rule must be an object"},
      {"{" + allow + R"(,"syscalls":[{"action":"SCMP_ACT_ERRNO"}]})",
       "syscalls[0] names is missing"},
      {"{" + allow + R"(,"syscalls":[{"names":"read","action":"SCMP_ACT_ERRNO"}]})",
       "must be a list"},
      {"{" + allow + R"(,"syscalls":[{"names":[1],"action":"SCMP_ACT_ERRNO"}]})",
       "list of strings"},
      {WithRule(R"("x":1)"), "syscalls[0] action is missing"},
      {WithRule(R"("action":"SCMP_ACT_NOTIFY")"), "needs a listener", Code::kUnsupported},
      {WithRule(R"("action":"SCMP_ACT_ERRNO","errnoRet":-1)"), "errnoRet must be an integer"},
      {WithRule(R"("action":"SCMP_ACT_ERRNO","errnoRet":100000)"), "errnoRet is above 4095"},
      {WithRule(R"("action":"SCMP_ACT_ERRNO","errnoRet":"EPERM")"), "errnoRet must be an integer"},
      {WithRule(R"("action":"SCMP_ACT_ERRNO","errnoRet":1.5)"), "errnoRet must be an integer"},
      {WithRule(R"("action":"SCMP_ACT_ERRNO","errno":"EWHAT")"), "errno is unknown: \"EWHAT\""},
      {WithRule(R"("action":"SCMP_ACT_TRACE","errnoRet":65536)"), "errnoRet is above 65535"},
      {WithRule(R"("action":"SCMP_ACT_KILL","errnoRet":1)"), "has no meaning with SCMP_ACT_KILL"},
      {WithRule(R"("action":"SCMP_ACT_KILL","name":"write")"), "name and names are both given"},
      {WithRule(R"("action":"SCMP_ACT_KILL","args":{})"), "args must be a list"},
      {WithArg(R"("index":6,"value":1,"op":"SCMP_CMP_EQ")"), "index is above 5"},
      {WithArg(R"("index":-1,"value":1,"op":"SCMP_CMP_EQ")"), "index must be an integer"},
      {WithArg(R"("value":1,"op":"SCMP_CMP_EQ")"), "index is missing"},
      {WithArg(R"("index":0,"value":1,"op":"SCMP_CMP_ABOUT")"), "op is unknown"},
      {WithArg(R"("index":0,"value":1)"), "op is missing"},
      {WithArg(R"("index":0,"value":18446744073709551616,"op":"SCMP_CMP_EQ")"), "from 0 to 2^64-1"},
      {WithArg(R"("index":0,"value":1,"valueTwo":2,"op":"SCMP_CMP_EQ")"),
       "only with SCMP_CMP_MASKED_EQ"},
      {WithArg(R"("index":0,"value":0,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ")"), "a mask of 0"},
      {WithArg(R"("index":0,"value":6,"valueTwo":1,"op":"SCMP_CMP_MASKED_EQ")"), "can never match"},
      {WithRule(R"("action":"SCMP_ACT_KILL","includes":{"distro":["x"]})"), "unknown condition"},
      {WithRule(R"("action":"SCMP_ACT_KILL","excludes":{"minKernel":"new"})"),
       "minKernel must look like"},
      {WithRule(R"("action":"SCMP_ACT_KILL","includes":{"caps":"CAP_X"})"), "caps must be a list"},
      {"{" + allow + R"(,"architectures":["SCMP_ARCH_PDP11"]})", "unknown architecture"},
      {"{" + allow + R"(,"architectures":["x86_64"]})", "unknown architecture"},
      {"{" + allow +
           R"(,"architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86"}]})",
       "and archMap are both given"},
      {"{" + allow + R"(,"flags":["SECCOMP_FILTER_FLAG_LOG"]})", "is not supported",
       Code::kUnsupported},
      {"{" + allow + R"(,"flags":["SECCOMP_FILTER_FLAG_X"]})", "is not supported",
       Code::kUnsupported},
      {"{" + allow + R"(,"listenerPath":"/run/x"})", "listenerPath", Code::kUnsupported},
  };
  for (const Refusal& refusal : refusals) {
    const Result<Profile> profile = ParseProfile(refusal.json);
    ASSERT_FALSE(profile.ok()) << refusal.json;
    EXPECT_EQ(profile.error().code(), refusal.code) << refusal.json;
    EXPECT_NE(profile.error().Message().find(refusal.says), std::string::npos)
        << refusal.json << "\n"
        << profile.error().Message();
  }
}

TEST(ParseProfile, EveryFieldOfARule) {
  const Result<Profile> profile = ParseProfile(WithRule(
      R"("action":"SCMP_ACT_ERRNO","errnoRet":1,"errno":"ENOSYS","comment":"c",
         "args":[{"index":5,"value":18446744073709551615,"valueTwo":7,"op":"SCMP_CMP_MASKED_EQ"}],
         "includes":{"caps":["CAP_SYS_ADMIN"],"arches":["amd64"],"minKernel":"4.8"},"excludes":{})"));
  ASSERT_TRUE(profile.ok()) << profile.error().Message();
  EXPECT_EQ(profile->default_action, SECCOMP_RET_ALLOW);
  const Rule& rule = profile->rules.at(0);
  EXPECT_EQ(rule.action, SECCOMP_RET_ERRNO | 38u);  // the name wins, as in containers/common
  EXPECT_EQ(rule.args.at(0), (ArgCheck{5, Op::kMaskedEqual, UINT64_MAX, 7}));
  EXPECT_EQ(rule.includes.caps, std::vector<std::string>{"SYS_ADMIN"});
  EXPECT_EQ(rule.includes.min_kernel, std::make_pair(4, 8));
  EXPECT_TRUE(rule.excludes.caps.empty());
}

TEST(ParseProfile, TheErrnoIsEpermUnlessGiven) {
  const Result<Profile> profile =
      ParseProfile(WithRule(R"("action":"SCMP_ACT_ERRNO","errnoRet":null)"));
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->rules.at(0).action, SECCOMP_RET_ERRNO | 1u);
}

TEST(ParseProfile, HarmlessFlagsAreAccepted) {
  EXPECT_TRUE(
      ParseProfile(R"({"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_TSYNC",
                              "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],"listenerPath":""})")
          .ok());
}

TEST(ParseProfile, TheDistributionsProfile) {
  const Result<std::string> text = ReadProfile("/usr/share/containers/seccomp.json");
  if (!text.ok()) GTEST_SKIP() << "containers-common is not installed";
  const Result<Profile> profile = ParseProfile(*text);
  ASSERT_TRUE(profile.ok()) << profile.error().Message();
  EXPECT_TRUE(Compile(*profile, {}).ok());
}

TEST(ReadProfile, OnlyRegularFiles) {
  std::string dir = "/tmp/seccomp_profile.XXXXXX";
  ASSERT_NE(::mkdtemp(dir.data()), nullptr);
  Result<std::string> text = ReadProfile(dir + "/missing");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code(), Code::kNotFound);
  ASSERT_EQ(::mkfifo((dir + "/fifo").c_str(), 0600), 0);
  text = ReadProfile(dir + "/fifo");
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code(), Code::kCorrupt);
  EXPECT_FALSE(ReadProfile(dir).ok());
  ASSERT_TRUE(sys::WriteFileAtomic(dir + "/ok", "{}", 0600, sys::Durability::kNone).ok());
  EXPECT_EQ(*ReadProfile(dir + "/ok"), "{}");
  EXPECT_TRUE(sys::RemoveTree(dir).ok());
}

}  // namespace
}  // namespace ctool::seccomp
