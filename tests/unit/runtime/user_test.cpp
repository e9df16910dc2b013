// SPDX-License-Identifier: Apache-2.0
#include "runtime/user.hpp"

#include <gtest/gtest.h>

namespace ctool::runtime {
namespace {

constexpr char kPasswd[] =
    "root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\nann:x:1000:1000:Ann:/home/ann:/bin/sh\n"
    "4294967296:x:7:7::/:/bin/sh\n5x:x:8:8::/:/bin/sh\nnohome:x:9:9:::\n";
constexpr char kGroup[] = "root:x:0:\nann:x:1000:\nwheel:x:10:root,ann\nvideo:x:44:ann\n";

Result<ResolvedUser> Resolve(std::string_view user, std::vector<std::string> extra = {}) {
  return ResolveUser(user, extra, kPasswd, kGroup);
}

TEST(ResolveUser, FindsNamesAndIds) {
  const ResolvedUser root = Resolve("").value();
  EXPECT_EQ(root.uid, 0u);
  EXPECT_EQ(root.home, "/root");
  EXPECT_EQ(root.groups, (std::vector<uint32_t>{0, 10}));
  const ResolvedUser ann = Resolve("ann").value();
  EXPECT_EQ(ann.uid, 1000u);
  EXPECT_EQ(ann.gid, 1000u);
  EXPECT_EQ(ann.groups, (std::vector<uint32_t>{1000, 10, 44}));
  EXPECT_EQ(Resolve("1000").value().home, "/home/ann");
  EXPECT_EQ(Resolve("nohome").value().home, "/");
}

TEST(ResolveUser, AGroupPartReplacesTheUsersGroups) {
  const ResolvedUser ann = Resolve("ann:44").value();
  EXPECT_EQ(ann.gid, 44u);
  EXPECT_EQ(ann.groups, std::vector<uint32_t>{44});
  EXPECT_EQ(Resolve("ann:wheel").value().gid, 10u);
  EXPECT_EQ(Resolve("1234:1234", {"video", "7"}).value().groups, (std::vector<uint32_t>{1234, 44, 7}));
}

TEST(ResolveUser, AnUnknownUidIsNobodyInParticular) {
  const ResolvedUser user = Resolve("1234").value();
  EXPECT_EQ(user.uid, 1234u);
  EXPECT_EQ(user.gid, 0u);
  EXPECT_EQ(user.home, "/");
  EXPECT_FALSE(user.in_passwd);
}

// What looks like a number is one, or an error: never a name that turns into root.
TEST(ResolveUser, RefusesNumbersThatAreNone) {
  for (const char* bad : {"4294967295", "4294967296", "18446744073709551616", "-1", "+1", "1x", "0x1", "5x", "1:", "1:2:3",
                          "1\n0", "ann:-1", "ann:"}) {
    const Result<ResolvedUser> user = Resolve(bad);
    ASSERT_FALSE(user.ok()) << bad;
    EXPECT_EQ(user.error().code(), Code::kNotExecutable) << bad;
  }
  EXPECT_EQ(Resolve("01").value().uid, 1u);
}

TEST(ResolveUser, SaysWhoItLooksFor) {
  EXPECT_EQ(Resolve("nosuch").error().Message(), "unable to find user nosuch: no matching entries in passwd file");
  EXPECT_EQ(Resolve("ann:nosuch").error().Message(), "unable to find group nosuch: no matching entries in group file");
}

}  // namespace
}  // namespace ctool::runtime
