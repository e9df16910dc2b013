// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "cli/suggest.hpp"
#include "sample_app.hpp"

namespace ctool::cli {
namespace {

class Dispatching : public testing::Test {
 protected:
  sample::Ran Do(const std::vector<std::string_view>& args) {
    return sample::RunSample(app_, args);
  }
  sample::Globals globals_;
  App app_ = sample::MakeApp(globals_);
};

TEST_F(Dispatching, RunsTheCommandUnderEachOfItsNames) {
  EXPECT_EQ(Do({"ps"}).ran, "ps");
  EXPECT_EQ(Do({"container", "ls"}).ran, "ps");
  EXPECT_EQ(Do({"container", "list"}).ran, "ps");
  EXPECT_EQ(Do({"system", "deep", "down"}).ran, "ps");
  EXPECT_EQ(Do({"--debug", "container", "--root", "/x", "ls"}).ran, "ps");
  EXPECT_EQ(globals_.root, "/x");
}

TEST_F(Dispatching, SaysWhatACommandNeeds) {
  const std::vector<std::string_view> args = {"container", "run", "img"};
  const Plan plan = Dispatch(app_, args);
  ASSERT_TRUE(plan.command.has_value());
  EXPECT_EQ(plan.command->description.needs, Needs::kImages);
  EXPECT_EQ(plan.command->description.path, "container run");
  EXPECT_EQ(plan.command->description.aliases, (std::vector<std::string>{"run"}));
}

TEST_F(Dispatching, NoCommandIsHelpAndAnError) {
  const sample::Ran ran = Do({});
  EXPECT_EQ(ran.status, 125);
  EXPECT_EQ(ran.err, "Error: missing command 'sample COMMAND'\n");
  EXPECT_TRUE(StartsWith(ran.out, "Manage samples\n\nUsage:\n  sample [options] [command]\n"));
  EXPECT_EQ(Do({"image"}).err, "Error: missing command 'sample image COMMAND'\n");
  EXPECT_EQ(Do({"--debug"}).err, "Error: missing command 'sample COMMAND'\n");
}

TEST_F(Dispatching, UnknownCommands) {
  EXPECT_EQ(Do({"zzzzzzzz"}).err,
            "Error: unrecognized command `sample zzzzzzzz`\n"
            "Try 'sample --help' for more information\n");
  EXPECT_EQ(Do({"imag", "x"}).err,
            "Error: unrecognized command `sample imag`\n\nDid you mean this?\n\timage\n\timages\n\n"
            "Try 'sample --help' for more information\n");
  EXPECT_EQ(Do({"image", "lsss"}).err,
            "Error: unrecognized command `sample image lsss`\n\nDid you mean this?\n\tlist\n\n"
            "Try 'sample image --help' for more information\n");
  EXPECT_EQ(Do({"zz\x1b[31m"}).err,
            "Error: unrecognized command `sample zz\\x1b[31m`\n"
            "Try 'sample --help' for more information\n");
  EXPECT_EQ(Do({"--", "ps"}).status, 125);
  EXPECT_EQ(Do({"__nosuch"}).status, 125);
}

TEST_F(Dispatching, Version) {
  EXPECT_EQ(Do({"--version"}).out, "sample version 1.2.3\n");
  EXPECT_EQ(Do({"-v"}).out, "sample version 1.2.3\n");
  EXPECT_EQ(Do({"--version", "ps"}).out, "sample version 1.2.3\n");
  EXPECT_EQ(Do({"ps", "--version"}).err,
            "Error: unknown flag: --version\nSee 'sample ps --help'\n");
  EXPECT_EQ(Do({"ps", "-v"}).status, 125);
}

TEST_F(Dispatching, HelpInAllItsForms) {
  const std::string help = Do({"run", "--help"}).out;
  EXPECT_TRUE(StartsWith(help, "Run a command in a new container\n"));
  EXPECT_EQ(Do({"help", "run"}).out, help);
  EXPECT_EQ(Do({"run", "-it", "--help", "img"}).out, help);
  EXPECT_EQ(Do({"run", "img", "--help"}).ran, "run img");  // the container's business
  EXPECT_TRUE(StartsWith(Do({"ps", "-h"}).out, "List containers\n"));
  EXPECT_EQ(Do({"help"}).out, Do({"--help"}).out);
  EXPECT_EQ(Do({"help"}).status, 0);
  EXPECT_EQ(Do({"help", "image"}).out, Do({"image", "--help"}).out);
  EXPECT_EQ(Do({"image", "-h"}).out, Do({"image", "--help"}).out);
  EXPECT_TRUE(Do({"help", "image", "ls"}).out.find("  sample image ls [IMAGE]\n") !=
              std::string::npos);
  EXPECT_EQ(Do({"help", "nosuch"}).status, 125);
  EXPECT_EQ(Do({"run", "--help", "--nosuch"}).err,
            "Error: unknown flag: --nosuch\nSee 'sample run --help'\n");
  EXPECT_TRUE(StartsWith(Do({"ps", "--help=true", "x"}).out, "List containers\n"));
}

TEST_F(Dispatching, ACommandsErrorIsTheCallers) {
  const sample::Ran ran = Do({"stop", "x"});
  EXPECT_EQ(ran.status, 125);
  EXPECT_EQ(ran.err, "no such container");
}

TEST_F(Dispatching, Completion) {
  EXPECT_TRUE(Do({"completion", "bash"}).out.find("complete -F _sample sample") !=
              std::string::npos);
  EXPECT_EQ(Do({"completion", "csh"}).err,
            "Error: invalid argument \"csh\" for \"sample completion\"\n");
  EXPECT_EQ(Do({"completion"}).err, "Error: accepts 1 arg(s), received 0\n");
}

TEST(Suggestions, TwoEditsOrAPrefix) {
  const std::string_view names[] = {"image", "images", "ps", "stop", "top"};
  EXPECT_EQ(Suggestions("IMA", names), (std::vector<std::string_view>{"image", "images"}));
  EXPECT_EQ(Suggestions("sotp", names), (std::vector<std::string_view>{"stop", "top"}));
  EXPECT_TRUE(Suggestions("wxyz12345", names).empty());
  EXPECT_TRUE(Suggestions(std::string(100000, 'a'), names).empty());
}

}  // namespace
}  // namespace ctool::cli
