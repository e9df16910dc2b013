// SPDX-License-Identifier: Apache-2.0
#include "doctor/doctor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "doctor/checks_internal.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::doctor {
namespace {

Finding Off(const char* check) { return Ill(State::kOff, check, "reason", "consequence"); }

TEST(DoctorTest, RunsUnlessSomethingRequiredIsOff) {
  EXPECT_TRUE(Runs({Well("a", "fine"), Off("b")}));
  EXPECT_TRUE(Runs({Required(Ill(State::kDegraded, "a", "r", "c"))}));
  EXPECT_FALSE(Runs({Well("a", "fine"), Required(Off("b"))}));
}

TEST(DoctorTest, HintsBecomeCommandsOrSentences) {
  const Finding command = MendAsHinted(Off("a"), "as root: usermod --x; see: ctool doctor");
  EXPECT_EQ(command.mend, "usermod --x");
  EXPECT_TRUE(command.is_command && command.by_root);
  const Finding sentence = MendAsHinted(Off("a"), "as root, add a line; see: ctool doctor");
  EXPECT_EQ(sentence.mend, "as root, add a line");
  EXPECT_FALSE(sentence.is_command);
  EXPECT_EQ(MendAsHinted(Off("a"), "see: ctool doctor").mend, "");
}

TEST(DoctorTest, ShellWords) {
  EXPECT_EQ(ShellWord("plain"), "'plain'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
}

// Runs a script, and returns what it printed and its status.
sys::Captured RunScript(const std::string& script) {
  std::string path = ::testing::TempDir() + "/script-XXXXXX";
  const sys::Fd file(::mkostemp(path.data(), O_CLOEXEC));
  EXPECT_TRUE(sys::WriteAll(file.get(), script, path).ok());
  sys::SpawnOptions options;
  options.argv = {"/bin/sh", path};
  options.env = {"PATH=/usr/bin:/bin"};
  Result<sys::Captured> ran = sys::RunCaptured(options);
  EXPECT_TRUE(ran.ok());
  ::unlink(path.c_str());
  return ran.ok() ? *ran : sys::Captured{};
}

// Without its demand for root.
std::string Unrestricted(std::string script) {
  const size_t at = script.find("[ \"$(id -u)\"");
  return script.erase(at, script.find('\n', at) - at);
}

TEST(DoctorTest, ScriptRunsEachCommandOnceAndGoesOnAfterAFailure) {
  const std::string script = FixScript({Well("fine", "all is well"), Mend(Off("a"), By::kRoot, "false"), Mend(Off("b"), By::kRoot, "echo mended"),
                                        Mend(Off("c"), By::kRoot, "echo mended"), Mend(Off("d"), By::kUser, "echo not-for-root")},
                                       "ann");
  const sys::Captured ran = RunScript(Unrestricted(script));
  EXPECT_EQ(ran.out, "mended\n");
  EXPECT_EQ(ran.err, "could not mend: a\n");
  EXPECT_EQ(ran.status.code, 1);
  EXPECT_EQ(script.find("all is well"), std::string::npos);
  EXPECT_NE(script.find("#   not for root: echo not-for-root"), std::string::npos) << script;
}

TEST(DoctorTest, TextFromOutsideStaysInComments) {
  Finding finding = Ill(State::kOff, "a", "evil\necho pwned\r\necho pwned", "c\necho pwned");
  const std::string script = FixScript({Advise(Finding(finding), "x\necho pwned"), Mend(Finding(finding), By::kRoot, "true")}, "ann\necho pwned");
  const sys::Captured ran = RunScript(Unrestricted(script));
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.status.code, 0) << ran.err;
}

TEST(DoctorTest, ScriptWithoutWorkSaysSo) {
  EXPECT_NE(FixScript({Well("a", "b")}, "ann").find("nothing for an administrator"), std::string::npos);
}

TEST(DoctorTest, AppArmorProfileNamesTheRealPath) {
  EXPECT_EQ(AppArmorProfile("/opt/a b/ctool"),
            "abi <abi/4.0>,\ninclude <tunables/global>\nprofile ctool \"/opt/a b/ctool\" flags=(unconfined) {\n"
            "  userns,\n  include if exists <local/ctool>\n}\n");
  EXPECT_NE(AppArmorProfile("/opt/*/x[1]\"").find(R"("/opt/\*/x\[1\]\"")"), std::string::npos);
}

// What the command writes is the profile, whatever the path has in it.
TEST(DoctorTest, AppArmorCommandWritesTheProfile) {
  const std::string path = "/home/o'neil/$(id)/`x`/ctool";
  std::string command = AppArmorCommand(path);
  command.resize(command.find(" > /etc/apparmor.d"));
  EXPECT_EQ(RunScript(command).out, AppArmorProfile(path));
}

TEST(DoctorTest, PackagesByDistribution) {
  const auto install = [](const char* os, const char* what) { return InstallCommandFor(os, what).value_or("?"); };
  EXPECT_EQ(install("ID=debian\n", "newuidmap"), "apt-get install -y uidmap");
  EXPECT_EQ(install("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "passt"), "apt-get install -y passt");
  EXPECT_EQ(install("ID=rocky\nID_LIKE=\"rhel centos fedora\"\n", "newuidmap"), "dnf install -y shadow-utils");
  EXPECT_EQ(install("ID=alpine\n", "newuidmap"), "apk add shadow-uidmap");
  EXPECT_EQ(install("ID=arch\n", "slirp4netns"), "pacman -S --noconfirm slirp4netns");
  EXPECT_EQ(install("ID=slackware\n", "passt"), "?");
  EXPECT_EQ(install("", "passt"), "?");
}

TEST(DoctorTest, SysctlCommandHolds) {
  EXPECT_EQ(SysctlCommand("net.ipv4.x", "80"), "echo net.ipv4.x = 80 > /etc/sysctl.d/99-ctool-x.conf && sysctl -p /etc/sysctl.d/99-ctool-x.conf");
}

}  // namespace
}  // namespace ctool::doctor
