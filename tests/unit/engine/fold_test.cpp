// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

class FoldTest : public ::testing::Test {
 protected:
  CreateOptions options;
  config::ContainersConf conf;
  spec::ImageDefaults image;
  ContainerSpec spec;
  FoldInput In() { return {options, conf, image}; }
  void SetUp() override {
    spec.id = std::string(64, 'a');
    image.cmd = {"/bin/sh"};
    options.http_proxy = false;
  }
  bool Env(const std::string& entry) {
    return std::find(spec.env.begin(), spec.env.end(), entry) != spec.env.end();
  }
};

TEST_F(FoldTest, ArgumentsReplaceCmdAndEntrypointReplacesBoth) {
  image.entrypoint = {"/entry"};
  ASSERT_TRUE(FoldProcess(In(), spec).ok());
  EXPECT_EQ(spec.Argv(), (std::vector<std::string>{"/entry", "/bin/sh"}));
  options.command = {"x"};
  ASSERT_TRUE(FoldProcess(In(), spec).ok());
  EXPECT_EQ(spec.Argv(), (std::vector<std::string>{"/entry", "x"}));
  options.entrypoint = R"(["sh","-c"])";
  ASSERT_TRUE(FoldProcess(In(), spec).ok());
  EXPECT_EQ(spec.Argv(), (std::vector<std::string>{"sh", "-c", "x"}));
  options.entrypoint = "";
  options.command.clear();
  EXPECT_EQ(FoldProcess(In(), spec).error().code(), Code::kNoCommand);
}

TEST_F(FoldTest, EnvironmentHasPodmansOrder) {
  image.env = {"A=image", "B=image", "PATH=/image"};
  ::setenv("CTOOL_TEST_HOST", "host", 1);
  options.env = {"A=cli", "CTOOL_TEST_HOST", "CTOOL_TEST_MISSING"};
  options.unsetenv = {"B"};
  spec.hostname = "h";
  ASSERT_TRUE(FoldEnv(In(), spec).ok());
  EXPECT_TRUE(Env("A=cli"));
  EXPECT_TRUE(Env("PATH=/image"));
  EXPECT_TRUE(Env("CTOOL_TEST_HOST=host"));
  EXPECT_TRUE(Env("container=podman"));
  EXPECT_TRUE(Env("HOSTNAME=h"));
  EXPECT_FALSE(Env("B=image"));
  for (const std::string& e : spec.env) EXPECT_NE(e.substr(0, e.find('=')), "CTOOL_TEST_MISSING");
}

TEST_F(FoldTest, EnvMergeChangesWhatIsThere) {
  std::vector<std::string> env = {"A=1", "B=two words", "E="};
  ASSERT_TRUE(MergeEnv(env, {"A=${A}$B'$A'\"${A}\\\"\"\\$", "NEW=${A}", "E=${E:-d}${A:+set}${E:+unset}", "no"}).ok());
  EXPECT_EQ(env, (std::vector<std::string>{"A=1two words$A1\"$", "B=two words", "E=dset"}));
  for (const char* bad : {"A=${A", "A='x", "A=\"x", "A=${}", "A=${A?b}", "A=${A:-${B}"}) EXPECT_FALSE(MergeEnv(env, {bad}).ok()) << bad;
}

TEST_F(FoldTest, SystemdIsKnownByItsName) {
  const auto mode = [&](const std::string& option, const std::string& program) {
    options.systemd = option;
    spec.command = {program};
    EXPECT_TRUE(FoldSystemd(In(), spec).ok());
    return spec.systemd;
  };
  EXPECT_TRUE(mode("", "/sbin/init"));
  EXPECT_TRUE(mode("true", "/opt/systemd"));
  EXPECT_EQ(spec.stop_signal, "SIGRTMIN+3");
  EXPECT_FALSE(mode("", "init"));
  EXPECT_FALSE(mode("false", "systemd"));
  EXPECT_TRUE(mode("always", "sh"));
  options.systemd = "maybe";
  EXPECT_FALSE(FoldSystemd(In(), spec).ok());
}

// CVE-2026-57231: an image's entry without a value must not be filled from the host.
TEST_F(FoldTest, AnImageNeverReadsTheHostsEnvironment) {
  ::setenv("CTOOL_TEST_SECRET", "secret", 1);
  image.env = {"CTOOL_TEST_SECRET", "CTOOL_TEST*", "*"};
  ASSERT_TRUE(FoldEnv(In(), spec).ok());
  for (const std::string& e : spec.env) EXPECT_EQ(e.find("secret"), std::string::npos) << e;
  image.env = {"=x"};
  EXPECT_FALSE(FoldEnv(In(), spec).ok());
}

TEST_F(FoldTest, CapabilitiesFollowAddAndDrop) {
  ASSERT_TRUE(FoldSecurity(In(), spec).ok());
  EXPECT_EQ(spec.bounding.size(), 11u);
  EXPECT_TRUE(spec.ambient.empty());
  options.cap_drop = {"all"};
  options.cap_add = {"net_admin"};
  ASSERT_TRUE(FoldSecurity(In(), spec).ok());
  EXPECT_EQ(spec.bounding, std::vector<std::string>{"CAP_NET_ADMIN"});
  EXPECT_EQ(spec.ambient, std::vector<std::string>{"CAP_NET_ADMIN"});
  options.cap_drop = {"CAP_CHOWN"};
  options.cap_add = {};
  ASSERT_TRUE(FoldSecurity(In(), spec).ok());
  EXPECT_EQ(spec.bounding.size(), 10u);
  for (const char* bad : {"SYS_ADMIN;x", "CAP_CAP_X", ""}) {
    options.cap_add = {bad};
    EXPECT_EQ(FoldSecurity(In(), spec).error().code(), Code::kInvalidArgument) << bad;
  }
}

TEST_F(FoldTest, ARequestedProtectionThatCannotBeGivenIsAnError) {
  options.security_opt = {"apparmor=profile"};
  EXPECT_EQ(FoldSecurity(In(), spec).error().code(), Code::kUnsupported);
  options.security_opt = {"bogus"};
  EXPECT_EQ(FoldSecurity(In(), spec).error().code(), Code::kInvalidArgument);
}

TEST_F(FoldTest, UnmaskTakesPathsOffTheList) {
  options.security_opt = {"unmask=/proc/acpi:/proc/sys"};
  ASSERT_TRUE(FoldSecurity(In(), spec).ok());
  const auto has = [](const std::vector<std::string>& list, const char* path) { return std::find(list.begin(), list.end(), path) != list.end(); };
  EXPECT_FALSE(has(spec.masked_paths, "/proc/acpi"));
  EXPECT_TRUE(has(spec.masked_paths, "/proc/kcore"));
  EXPECT_FALSE(has(spec.readonly_paths, "/proc/sys"));
}

struct BadVolume {
  const char* text;
  Code code;
};
TEST_F(FoldTest, RefusesBadVolumes) {
  for (const BadVolume& bad : {BadVolume{"/no/such:/x", Code::kInvalidArgument}, {"/tmp:x", Code::kInvalidArgument},
                               {"/tmp:/", Code::kInvalidArgument}, {"/tmp:/proc", Code::kNotExecutable},
                               {"/tmp:/sys", Code::kNotExecutable}, {"/tmp:/x/../proc", Code::kNotExecutable},
                               {"/tmp:/x:rw,ro", Code::kInvalidArgument}, {"/tmp:/x:bogus", Code::kInvalidArgument},
                               {":/x", Code::kInvalidArgument}, {"/tmp:/x:/y", Code::kInvalidArgument},
                               {"b@d:/x", Code::kInvalidArgument}, {"/tmp:/x:idmap", Code::kUnsupported}, {"/tmp:/x:O,ro", Code::kInvalidArgument}}) {
    options.volume = {bad.text};
    spec = {};
    const Status folded = FoldMounts(In(), spec);
    ASSERT_FALSE(folded.ok()) << bad.text;
    EXPECT_EQ(folded.error().code(), bad.code) << bad.text << ": " << folded.error().Message();
  }
}

TEST_F(FoldTest, OneDestinationHasOneSource) {
  options.volume = {"/tmp:/p", "/tmp:/p"};
  ASSERT_TRUE(FoldMounts(In(), spec).ok());
  EXPECT_EQ(spec.mounts.size(), 1u);
  options.volume = {"/tmp:/p", "/usr:/p"};
  spec = {};
  EXPECT_EQ(FoldMounts(In(), spec).error().Message(), "/p: duplicate mount destination");
}

TEST_F(FoldTest, BindsAreNosuidNodevPrivateUnlessAsked) {
  options.volume = {"/tmp:/p:suid,rslave"};
  ASSERT_TRUE(FoldMounts(In(), spec).ok());
  EXPECT_EQ(spec.mounts[0].options, (std::vector<std::string>{"suid", "rslave", "nodev", "rbind"}));
}

TEST_F(FoldTest, MountKeysBecomeMounts) {
  options.mount = {"type=bind,src=/tmp,dst=/a,ro,bind-propagation=rslave,bind-nonrecursive", "type=volume,source=v,target=/b,subpath=x/y,nocopy",
                   "type=image,src=i,dst=/c,rw=true", "type=tmpfs,dst=/d,tmpfs-size=1m,U=true", "type=devpts,dst=/e,mode=0600"};
  ASSERT_TRUE(FoldMounts(In(), spec).ok());
  ASSERT_EQ(spec.mounts.size(), 5u);
  EXPECT_EQ(spec.mounts[0].options, (std::vector<std::string>{"ro", "rslave", "bind", "nosuid", "nodev"}));
  EXPECT_EQ(spec.mounts[1].subpath, "x/y");
  EXPECT_EQ(spec.mounts[1].options.front(), "nocopy");
  EXPECT_EQ(spec.mounts[2].source, "i");
  EXPECT_EQ(spec.mounts[2].options, (std::vector<std::string>{"rw"}));
  EXPECT_EQ(spec.mounts[3].options, (std::vector<std::string>{"size=1m", "U", "nosuid", "nodev", "tmpcopyup"}));
  EXPECT_EQ(spec.mounts[4].options.back(), "mode=0600");
}

TEST_F(FoldTest, RefusesBadMountKeys) {
  for (const char* bad : {"type=bogus,dst=/x", "type=bind,src=/tmp", "type=bind,src=/tmp,dst=/x,bogus", "type=tmpfs,dst=/x,src=/y", "type=image,dst=/x",
                          "type=bind,src=/tmp,dst=/x,size=1m", "type=bind,src=/tmp,dst=/x,ro=maybe", "type=bind,src=/tmp,dst=/x,subpath=y",
                          "type=glob,src=/no/such*,dst=/x", "type=bind,src=/tmp,dst=/x,relabel=bogus", "type=volume,src=a/b,dst=/x", "dst="}) {
    options.mount = {bad};
    spec = {};
    EXPECT_FALSE(FoldMounts(In(), spec).ok()) << bad;
  }
}

TEST_F(FoldTest, InheritedMountsGiveWayToTypedOnesAndStandBeforeTheImages) {
  options.volume = {"typed:/a"};
  image.volumes = {"/a", "/b", "/c"};
  FoldInput in{options, conf, image};
  in.inherited = {{"volume", "theirs", "", "/a", {}}, {"volume", "theirs", "", "/b", {}}};
  ASSERT_TRUE(FoldMounts(in, spec).ok());
  ASSERT_EQ(spec.mounts.size(), 3u);
  EXPECT_EQ(spec.mounts[0].name, "typed");
  EXPECT_EQ(spec.mounts[1].name, "theirs");
  EXPECT_TRUE(spec.mounts[2].anonymous);
}

TEST_F(FoldTest, ImageVolumesStayInsideTheContainer) {
  image.volumes = {"/data", "/../../up"};
  ASSERT_TRUE(FoldMounts(In(), spec).ok());
  ASSERT_EQ(spec.mounts.size(), 2u);
  EXPECT_TRUE(spec.mounts[0].anonymous);
  EXPECT_EQ(spec.mounts[1].destination, "/up");
  for (const char* bad : {"/", "", "relative", "/proc"}) {
    image.volumes = {bad};
    spec = {};
    EXPECT_FALSE(FoldMounts(In(), spec).ok()) << bad;
  }
}

TEST_F(FoldTest, LimitsAreChecked) {
  options.ulimit = {"nofile=100:200", "core=-1"};
  ASSERT_TRUE(FoldLimits(In(), spec).ok());
  const auto find = [&](const char* type) {
    return *std::find_if(spec.rlimits.begin(), spec.rlimits.end(), [&](const spec::Rlimit& l) { return l.type == type; });
  };
  EXPECT_EQ(find("RLIMIT_NOFILE").hard, 200u);
  EXPECT_EQ(find("RLIMIT_CORE").soft, UINT64_MAX);
  for (const char* bad : {"core=-1:1000", "nofile=2:1", "foo=1", "nofile", "nofile=x", "nofile=-2"}) {
    options.ulimit = {bad};
    EXPECT_FALSE(FoldLimits(In(), spec).ok()) << bad;
  }
}

TEST_F(FoldTest, SysctlsMustBeNamespaced) {
  options.sysctl = {"net.ipv4.ip_forward=1", "kernel.shmmax=1"};
  ASSERT_TRUE(FoldLimits(In(), spec).ok());
  EXPECT_EQ(spec.sysctls["net.ipv4.ping_group_range"], "0 0");
  for (const char* bad : {"kernel.core_pattern=x", "net.x/../../kernel/x=1", "a", " net.ipv4.x = 1", "net..x=1"}) {
    options.sysctl = {bad};
    EXPECT_FALSE(FoldLimits(In(), spec).ok()) << bad;
  }
  spec.network_mode = "host";
  options.sysctl = {"net.ipv4.ip_forward=1"};
  EXPECT_FALSE(FoldLimits(In(), spec).ok()) << "the host's network is not the container's to set";
}

TEST_F(FoldTest, SizesHaveUnits) {
  EXPECT_EQ(*ParseBytes("64m", "x"), 64 << 20);
  EXPECT_EQ(*ParseBytes("1.5g", "x"), int64_t{3} << 29);
  EXPECT_EQ(*ParseBytes("2KiB", "x"), 2048);
  EXPECT_EQ(*ParseBytes("5", "x"), 5);
  for (const char* bad : {"", "x", "5x", "-1", "1e9", "99999999999999999999p", "1.2.3m"}) EXPECT_FALSE(ParseBytes(bad, "x").ok()) << bad;
}

TEST_F(FoldTest, ConflictsAreFoundBeforeAnythingIsFetched) {
  options.rm = true;
  options.restart = "always";
  EXPECT_EQ(CheckOptions(options).error().Message(),
            R"(the --rm option conflicts with --restart, when the restartPolicy is not "" and "no")");
  options.restart = "on-failure:3";
  EXPECT_TRUE(CheckOptions(options).ok());
  for (const char* name : {"../x", "a/b", "-rm", "a b", "\xc3\xa4"}) {
    options.name = name;
    EXPECT_FALSE(CheckOptions(options).ok()) << name;
  }
}

TEST(ContainerSpecRecord, SurvivesPrintAndParse) {
  ContainerSpec spec;
  spec.id = "i";
  spec.env = {"A=\xff"};
  spec.env = {"A=b"};
  spec.labels = {{"k", "v"}};
  spec.oom_score_adj = 3;
  spec.rlimits = {{"RLIMIT_CORE", 0, UINT64_MAX}};
  spec.mounts = {{"volume", "n", "", "/d", {"ro"}, true}};
  spec.healthcheck = spec::HealthCheck{{"CMD", "x"}, 1, 2, 3, 4};
  const ContainerSpec again = ContainerSpec::Parse(spec.Print()).value();
  EXPECT_EQ(again.Print(), spec.Print());
  EXPECT_EQ(again.rlimits[0].hard, UINT64_MAX);
  EXPECT_TRUE(again.mounts[0].anonymous);
  EXPECT_EQ(again.healthcheck->retries, 4);
}

}  // namespace
}  // namespace ctool::engine
