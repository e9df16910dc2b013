// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "sample_app.hpp"

namespace ctool::cli {
namespace {

using sample::g_last_copy;
using sample::g_last_run;

class Parsing : public testing::Test {
 protected:
  sample::Ran Do(const std::vector<std::string_view>& args) {
    g_last_run = {};
    g_last_copy = {};
    return sample::RunSample(app_, args);
  }
  sample::Globals globals_;
  App app_ = sample::MakeApp(globals_);
};

std::string Show(const sample::RunOptions& o) {
  return o.image + "|" + Join(o.args, " ") + "|" + Join(o.env, ";");
}

TEST_F(Parsing, ValuesInAllSpellings) {
  struct Case {
    std::vector<std::string_view> args;
    std::string shown;
  };
  const Case cases[] = {
      {{"run", "--env=A=1", "img"}, "img||A=1"},
      {{"run", "--env", "A=1", "img", "cmd", "x"}, "img|cmd x|A=1"},
      {{"run", "-eA=1", "img"}, "img||A=1"},
      {{"run", "-e=K=V", "img"}, "img||K=V"},
      {{"run", "-e", "A=1", "-e", "B=2,3", "img"}, "img||A=1;B=2,3"},
      {{"run", "-dite", "A", "img"}, "img||A"},
      {{"run", "-diteA", "img"}, "img||A"},
      {{"run", "-e", "--rm", "img"}, "img||--rm"},
      {{"run", "-e", "", "img"}, "img||"},
      {{"run", "--env=", "img"}, "img||"},
      {{"run", "--", "img", "--rm"}, "img|--rm|"},
      {{"run", "img", "ls", "-l", "--color=never", "--", "/"}, "img|ls -l --color=never -- /|"},
      {{"run", "-", "x"}, "-|x|"},
      {{"container", "run", "img"}, "img||"},
  };
  for (const Case& c : cases) {
    const sample::Ran ran = Do(c.args);
    EXPECT_EQ(ran.status, 7) << ran.err;
    EXPECT_EQ(Show(g_last_run), c.shown);
  }
}

TEST_F(Parsing, ScalarsTakeTheLastValue) {
  Do({"run", "--name", "a", "--name=b", "--rm", "--rm=false", "-it", "img"});
  EXPECT_EQ(g_last_run.name, "b");
  EXPECT_FALSE(g_last_run.rm);
  EXPECT_TRUE(g_last_run.tty && g_last_run.interactive);
  Do({"run", "--tls-verify=false", "-d=T", "img"});
  EXPECT_FALSE(g_last_run.tls);
  EXPECT_TRUE(g_last_run.detach);
}

TEST_F(Parsing, EmptyIsNotAbsent) {
  Do({"run", "img"});
  EXPECT_FALSE(g_last_run.entrypoint.has_value());
  for (const std::string_view arg : {"--entrypoint=", "--entrypoint"}) {
    if (arg.back() == '=')
      Do({"run", arg, "img"});
    else
      Do({"run", arg, "", "img"});
    ASSERT_TRUE(g_last_run.entrypoint.has_value());
    EXPECT_EQ(*g_last_run.entrypoint, "");
    EXPECT_EQ(g_last_run.image, "img");
  }
  Do({"run", "--entrypoint", "[\"sh\",\"-c\"]", "img"});
  EXPECT_EQ(*g_last_run.entrypoint, "[\"sh\",\"-c\"]");
}

TEST_F(Parsing, Numbers) {
  Do({"run", "-m", "-5", "-c0x10", "--cpus=.5", "--pids-limit", "1_000", "img"});
  EXPECT_EQ(g_last_run.memory, -5);
  EXPECT_EQ(g_last_run.shares, 16u);
  EXPECT_EQ(g_last_run.cpus, 0.5);
  EXPECT_EQ(g_last_run.pids, 1000);
  Do({"run", "--health-interval=1m30s", "img"});
  EXPECT_EQ(g_last_run.interval, std::chrono::seconds(90));
}

TEST_F(Parsing, CommaListsAndImpliedValues) {
  Do({"run", "--cap-add", "A,\"B,C\"", "--cap-add=D", "-p", "1:1,2:2", "--pull", "img"});
  EXPECT_EQ(g_last_run.cap_add, (std::vector<std::string>{"A", "B,C", "D"}));
  EXPECT_EQ(g_last_run.publish, (std::vector<std::string>{"1:1,2:2"}));
  EXPECT_EQ(g_last_run.pull, "always");
  EXPECT_EQ(g_last_run.image, "img");
  Do({"run", "--pull=never", "img"});
  EXPECT_EQ(g_last_run.pull, "never");
}

TEST_F(Parsing, ErrorsInPflagsWords) {
  struct Case {
    std::vector<std::string_view> args;
    std::string first_line;
    bool see;
  };
  const Case cases[] = {
      {{"run", "--nosuch", "img"}, "unknown flag: --nosuch", true},
      {{"run", "--nosuch=1", "img"}, "unknown flag: --nosuch", true},
      {{"run", "-z", "img"}, "unknown shorthand flag: 'z' in -z", true},
      {{"run", "-dzi", "img"}, "unknown shorthand flag: 'z' in -zi", true},
      {{"run", "-=x"}, "unknown shorthand flag: '=' in -=x", true},
      {{"run", "--=x"}, "bad flag syntax: --=x", true},
      {{"run", "---x"}, "bad flag syntax: ---x", true},
      {{"run", "--name"}, "flag needs an argument: --name", true},
      {{"run", "--net"}, "flag needs an argument: --net", true},
      {{"run", "-h"}, "flag needs an argument: 'h' in -h", true},
      {{"run", "-dh"}, "flag needs an argument: 'h' in -h", true},
      {{"run", "--rm=maybe", "x"},
       "invalid argument \"maybe\" for \"--rm\" flag: strconv.ParseBool: parsing \"maybe\": "
       "invalid syntax",
       true},
      {{"run", "-m", "abc", "x"},
       "invalid argument \"abc\" for \"-m, --memory\" flag: strconv.ParseInt: parsing \"abc\": "
       "invalid syntax",
       true},
      {{"run", "-m", "99999999999999999999", "x"},
       "invalid argument \"99999999999999999999\" for \"-m, --memory\" flag: strconv.ParseInt: "
       "parsing \"99999999999999999999\": value out of range",
       true},
      {{"run", "--cpu-shares=-1", "x"},
       "invalid argument \"-1\" for \"-c, --cpu-shares\" flag: strconv.ParseUint: parsing \"-1\": "
       "invalid syntax",
       true},
      {{"run", "--cpus=abc", "x"},
       "invalid argument \"abc\" for \"--cpus\" flag: strconv.ParseFloat: parsing \"abc\": "
       "invalid syntax",
       true},
      {{"run", "--health-interval=x", "y"},
       "invalid argument \"x\" for \"--health-interval\" flag: time: invalid duration \"x\"",
       true},
      {{"run", "--health-interval=5", "y"},
       "invalid argument \"5\" for \"--health-interval\" flag: time: missing unit in duration "
       "\"5\"",
       true},
      {{"run", "--pull=foo", "x"},
       "invalid argument \"foo\" for \"--pull\" flag: \"foo\" is not a valid value.  Choose from: "
       "\"always, missing, never\"",
       true},
      {{"run", "--net=bad", "x"},
       "invalid argument \"bad\" for \"--network\" flag: no such network",
       true},
      {{"run", "--cap-add", "a\"b", "x"},
       "invalid argument \"a\\\"b\" for \"--cap-add\" flag: parse error on line 1, column 2: bare "
       "\" in non-quoted-field",
       true},
      {{"run"}, "requires at least 1 arg(s), only received 0", false},
      {{"rename", "a"}, "accepts 2 arg(s), received 1", false},
      {{"rename", "a", "b", "c"}, "accepts 2 arg(s), received 3", false},
      {{"cp", "a"}, "accepts between 2 and 3 arg(s), received 1", false},
      {{"images", "a", "b"}, "accepts at most 1 arg(s), received 2", false},
      {{"ps", "x"}, "`sample ps` takes no arguments", false},
      {{"container", "ls", "x"}, "`sample container ls` takes no arguments", false},
  };
  for (const Case& c : cases) {
    const sample::Ran ran = Do(c.args);
    const std::string path = c.args[0] == "container" ? "container ls" : std::string(c.args[0]);
    const std::string see = c.see ? "\nSee 'sample " + path + " --help'" : "";
    EXPECT_EQ(ran.err, "Error: " + c.first_line + see + "\n");
    EXPECT_EQ(ran.status, 125);
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(Parsing, OptionsMayStandBetweenPositionals) {
  const sample::Ran ran = Do({"stop", "a", "-t", "3", "b"});
  EXPECT_EQ(ran.err, "no such container");  // it ran
  EXPECT_EQ(Do({"stop", "a", "-t"}).err,
            "Error: flag needs an argument: 't' in -t\nSee 'sample stop --help'\n");
}

TEST_F(Parsing, PositionalsInTheMiddleAreOptional) {
  Do({"cp", "a", "b"});
  EXPECT_EQ(g_last_copy.from + ">" + g_last_copy.to, "a>b");
  EXPECT_FALSE(g_last_copy.third.has_value());
  Do({"cp", "a", "b", "c"});
  EXPECT_EQ(g_last_copy.from + ">" + *g_last_copy.third + ">" + g_last_copy.to, "a>b>c");
}

TEST_F(Parsing, GlobalOptionsInFrontAndBehind) {
  EXPECT_EQ(Do({"--root", "/x", "-D", "run", "--log-level=debug", "img", "--root=/y"}).status, 7);
  EXPECT_EQ(globals_.root, "/x");
  EXPECT_EQ(globals_.log_level, "debug");
  EXPECT_TRUE(globals_.debug);
  EXPECT_EQ(g_last_run.args, (std::vector<std::string>{"--root=/y"}));
}

TEST_F(Parsing, AGlobalListKeepsTheValuesOfBothPlaces) {
  Do({"--storage-opt", "a", "ps", "--storage-opt=b"});
  EXPECT_EQ(globals_.storage_opts, (std::vector<std::string>{"a", "b"}));
}

TEST_F(Parsing, AnOptionInFrontThatIsUnknownHasNoSeeLine) {
  EXPECT_EQ(Do({"--format", "x", "ps"}).err, "Error: unknown flag: --format\n");
  EXPECT_EQ(Do({"--nosuch"}).err, "Error: unknown flag: --nosuch\nSee 'sample --help'\n");
  EXPECT_EQ(Do({"-z"}).err, "Error: unknown shorthand flag: 'z' in -z\nSee 'sample --help'\n");
  EXPECT_EQ(Do({"--root"}).err, "Error: flag needs an argument: --root\nSee 'sample --help'\n");
}

TEST_F(Parsing, EachParseStartsAfresh) {
  Do({"run", "--rm", "-e", "A", "img"});
  Do({"run", "img"});
  EXPECT_FALSE(g_last_run.rm);
  EXPECT_TRUE(g_last_run.env.empty());
}

}  // namespace
}  // namespace ctool::cli
