// SPDX-License-Identifier: Apache-2.0
#include "cli/render.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/completion.hpp"
#include "sample_app.hpp"

namespace ctool::cli {
namespace {

class Rendering : public testing::Test {
 protected:
  std::string Out(const std::vector<std::string_view>& args) {
    return sample::RunSample(app_, args).out;
  }
  sample::Globals globals_;
  App app_ = sample::MakeApp(globals_);
};

TEST_F(Rendering, HelpOfACommand) {
  EXPECT_EQ(Out({"run", "-itd", "--rm", "--help"}),
            R"(Run a command in a new container

Description:
  Runs a command in a new container made from IMAGE.

  Look:
      sample run x
  Done.

Usage:
  sample run [options] IMAGE [COMMAND [ARG...]]

Aliases:
  sample container run

Examples:
  # A shell
  sample run -it alpine sh
  sample run -d -p 8080:80 nginx

Options:
      --cap-add CAPABILITY         Add capabilities
  -c, --cpu-shares uint            CPU shares
      --cpus float                 Number of CPUs
  -d, --detach                     Print the container ID and return
      --entrypoint COMMAND         Replace the entrypoint
  -e, --env KEY=VALUE              Set an environment variable
      --env-file string            Read variables from a file
      --health-interval duration   Time between checks (default 30s)
  -h, --hostname string            Set the hostname
  -i, --interactive                Keep stdin open
  -m, --memory int                 Limit of memory
      --name string                Name the container (default random)
      --network string             Connect to a network
      --pids-limit int             Limit of processes
  -p, --publish strings            Publish ports
      --pull[=POLICY]              When to pull the image (default "missing")
      --rm                         Remove the container when it exits
      --tls-verify                 Require TLS (default true)
  -t, --tty                        Allocate a terminal
)");
}

TEST_F(Rendering, UsageIsMadeFromTheArguments) {
  EXPECT_NE(Out({"stop", "--help"}).find("\n  sample stop [options] CONTAINER [CONTAINER...]\n"),
            std::string::npos);
  EXPECT_NE(Out({"cp", "--help"}).find("\n  sample cp FROM [THIRD] TO\n"), std::string::npos);
  EXPECT_NE(Out({"ps", "--help"}).find("\n  sample ps\n"), std::string::npos);
  EXPECT_NE(Out({"container", "ls", "--help"})
                .find("Aliases:\n  sample ps, sample container ps, sample container list\n"),
            std::string::npos);
}

TEST_F(Rendering, HelpOfTheProgramAndOfAGroup) {
  globals_.root = "/given";  // no default of anybody
  EXPECT_EQ(Out({"--help"}),
            R"(Manage samples

Usage:
  sample [options] [command]

Available Commands:
  completion Print a shell completion script
  container  Manage containers
  cp         Copy files
  help       Help about any command
  image      Manage images
  images     List images
  ps         List containers
  rename     Rename a container
  run        Run a command in a new container
  stop       Stop containers
  system     Manage the system

Topics, for 'sample help TOPIC':
  things What things are

Options:
  -D, --debug                 Be talkative
      --help                  Show this help, or a command's behind its name
      --log-level string      What to log
      --root string           Where everything is
      --storage-opt strings   Options of the store
  -v, --version               Show the version
)");
  EXPECT_EQ(Out({"container", "--help"}),
            "Manage containers\n\nUsage:\n  sample container [command]\n\nAvailable Commands:\n"
            "  cp     Copy files\n  ps     List containers\n  rename Rename a container\n"
            "  run    Run a command in a new container\n  stop   Stop containers\n");
  EXPECT_EQ(Out({"system", "--help"}),
            "Manage the system\n\nUsage:\n  sample system [command]\n\nAvailable Commands:\n"
            "  deep Further down\n");
}

TEST_F(Rendering, ManPages) {
  EXPECT_EQ(Out({"__man"}),
            "sample-completion.1\nsample-container.1\nsample-cp.1\nsample-help.1\nsample-image.1\n"
            "sample-images.1\nsample-ps.1\nsample-rename.1\nsample-run.1\nsample-stop.1\n"
            "sample-system-deep-down.1\nsample-system-deep.1\nsample-system.1\nsample-things.5\n"
            "sample.1\n");
  const std::string page = Out({"__man", "sample-run.1"});
  EXPECT_TRUE(StartsWith(page,
                         ".TH SAMPLE\\-RUN 1 \"2026-01-31\" \"sample 1.2.3\" \"User Commands\"\n"
                         ".SH NAME\nsample\\-run \\- Run a command in a new container\n"
                         ".SH SYNOPSIS\n\\fBsample run\\fR [options] IMAGE [COMMAND [ARG...]]\n"));
  for (const std::string_view part :
       {".RS 4\n.EX\nsample run x\n.EE\n.RE\n",
        ".TP\n\\fB\\-e\\fR, \\fB\\-\\-env\\fR=\\fIKEY=VALUE\\fR\nSet an environment variable.\n",
        ".TP\n\\fB\\-\\-pull\\fR[=\\fIPOLICY\\fR]\n", "The default is \\(dqmissing\\(dq.\n",
        "Two containers can't have the same name.\n",
        ".TP\n126\nThe command could not be invoked.\n", ".SH SEE ALSO\n.BR sample (1)\n"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  EXPECT_EQ(page.find("secret"), std::string::npos);
  EXPECT_EQ(sample::RunSample(app_, {"__man", "nosuch"}).status, 125);
}

// Nothing of a text may be taken for a request or an escape.
TEST_F(Rendering, ManTextIsLiteral) {
  for (const std::string& name : ManPageNames(app_)) {
    for (const std::string& line : Split(ManPage(app_, name), '\n')) {
      EXPECT_LE(line.size(), 120u);
      if (StartsWith(line, ".")) continue;
      EXPECT_FALSE(StartsWith(line, "'")) << line;
      for (size_t i = 0; i + 1 < line.size(); ++i)
        if (line[i] == '\\') {
          EXPECT_NE(std::string_view("e-&(f").find(line[i + 1]), std::string_view::npos) << line;
          ++i;
        }
    }
  }
}

TEST_F(Rendering, Topics) {
  EXPECT_EQ(Out({"help", "things"}),
            "What things are\n\n  Things are these.\n\nKinds:\n  small\n      less than others\n\n"
            "  Or:\n      $ sample ps\n");
  EXPECT_TRUE(StartsWith(Out({"__man", "sample-things.5"}),
                         ".TH SAMPLE\\-THINGS 5 \"2026-01-31\" \"sample 1.2.3\" \"File Formats\"\n"
                         ".SH NAME\nsample\\-things \\- What things are\n.SH DESCRIPTION\n"
                         "Things are these.\n.SH KINDS\n.TP\n\\fBsmall\\fR\nless than others\n"
                         ".PP\nOr:\n.PP\n.RS 4\n.EX\n$ sample ps\n.EE\n.RE\n"
                         ".SH SEE ALSO\n.BR sample (1)\n"));
  const std::vector<std::string_view> words = {"help", "things"};
  EXPECT_EQ(Dispatch(app_, words).page, ManPage(app_, "sample-things.5"));
}

TEST_F(Rendering, DumpIsWholeJson) {
  const auto j = nlohmann::json::parse(Out({"help", "--format", "json"}), nullptr, false);
  ASSERT_FALSE(j.is_discarded());
  EXPECT_EQ(j["commands"].size(), std::size(sample::kEntries));
  for (const auto& c : j["commands"]) {
    EXPECT_FALSE(c["summary"].get<std::string>().empty());
    for (const auto& o : c["options"]) EXPECT_FALSE(o["help"].get<std::string>().empty());
  }
}

struct CompletionCase {
  std::vector<std::string_view> words;  // the last one is the current
  std::string candidates;               // without descriptions
  std::string directive;
};

TEST_F(Rendering, CompletionOfEachKindOfWord) {
  const CompletionCase cases[] = {
      {{"im"}, "image images", ":"},
      {{"image", ""}, "list", ":"},
      {{"system", "deep", "d"}, "down", ":"},
      {{"--ro"}, "--root", ":"},
      {{"--root", ""}, "", ":dirs"},
      {{"--log-level="}, "--log-level=debug --log-level=warn", ":"},
      {{"--debug", "--d"}, "", ":"},
      {{"run", "--pu"}, "--publish --pull", ":"},
      {{"run", "--rm", "--r"}, "", ":"},
      {{"run", "-e", "A", "--env"}, "--env --env-file", ":"},
      {{"run", "--secret"}, "", ":"},
      {{"run", "--pull=n"}, "--pull=never", ":"},
      {{"run", "--pull", ""}, "alpine:latest busybox", ":"},  // --pull takes no next word
      {{"run", "--net", "n"}, "net1", ":"},
      {{"run", "--rm=f"}, "--rm=false", ":"},
      {{"run", "--cap-add", "NET_ADMIN,SYS"}, "NET_ADMIN,SYS_TIME", ":"},
      {{"run", "-ite", ""}, "", ":"},
      {{"run", "--name", ""}, "", ":"},
      {{"run", "--env-file", "x"}, "", ":files"},
      {{"run", "al"}, "alpine:latest", ":"},
      {{"run", "alpine", "--"}, "", ":"},
      {{"run", "--", "al"}, "alpine:latest", ":"},
      {{"cp", "w"}, "web:", ":files nospace"},
      {{"cp", "a", "b", ""}, "", ":dirs"},
      {{"stop", ""}, "web", ":"},  // and not the name with an escape sequence
      {{"help", "im"}, "image images", ":"},
      {{"help", "image", ""}, "list", ":"},
      {{"completion", ""}, "bash fish zsh", ":"},
      {{"help", ""}, "things completion container cp help image images ps rename run stop system", ":"},
      {{"help", "th"}, "things", ":"},
      {{"run", "--entrypoint", ""}, "name= status=", ":nospace"},
      {{"run", "--entrypoint", "status"}, "status=", ":nospace"},
      {{"run", "--entrypoint", "status="}, "status=up status=down", ":"},
      {{"run", "--entrypoint=name=n"}, "--entrypoint=name=net1", ":"},
      {{"run", "--entrypoint", "name=x,st"}, "name=x,status=", ":nospace"},
      {{"run", "--env-file=x"}, "", ":files=11"},
      {{"run", "a1"}, "a1b2c3", ":"},  // an id is for who has begun to type it
      {{"run", "a"}, "alpine:latest", ":"},
      {{"cp", "web:/e"}, "", ":"},
      {{"nosuch", ""}, "", ":"},
      {{"image", "nosuch", ""}, "", ":"},
  };
  for (const CompletionCase& c : cases) {
    const std::string index = std::to_string(c.words.size() - 1);
    std::vector<std::string_view> args = {"__complete", index};
    args.insert(args.end(), c.words.begin(), c.words.end());
    std::vector<std::string> lines = Split(Out(args), '\n');
    ASSERT_GE(lines.size(), 2u);
    EXPECT_EQ(lines.back(), "");
    lines.pop_back();
    EXPECT_EQ(lines.back(), c.directive) << Join({c.words.begin(), c.words.end()}, " ");
    lines.pop_back();
    for (std::string& line : lines) line = line.substr(0, line.find('\t'));
    EXPECT_EQ(Join(lines, " "), c.candidates) << Join({c.words.begin(), c.words.end()}, " ");
  }
}

TEST_F(Rendering, CompletionSeesTheGlobalOptionsBefore) {
  EXPECT_EQ(Out({"__complete", "3", "--root", "/y", "stop", "w"}), "web\t/y\n:\n");
}

TEST_F(Rendering, CompletionNeverFails) {
  EXPECT_EQ(Out({"__complete"}), ":\n");
  EXPECT_EQ(Out({"__complete", "x"}), ":\n");
  EXPECT_EQ(Out({"__complete", "9", "run"}), ":\n");
  EXPECT_EQ(Out({"__complete", "-1"}), ":\n");
  EXPECT_NE(Out({"__complete", "0"}).find("run\t"), std::string::npos);
  EXPECT_EQ(Out({"__complete", "2", "run", "-", ""}).back(), '\n');
}

TEST(CompletionScripts, AreFilledIn) {
  for (const std::string_view shell : {"bash", "zsh", "fish"}) {
    const std::string script = CompletionScript(shell, "my-tool");
    EXPECT_EQ(script.find("@PROGRAM@"), std::string::npos);
    EXPECT_EQ(script.find("@FUNCTION@"), std::string::npos);
    EXPECT_NE(script.find("__complete"), std::string::npos);
    EXPECT_NE(script.find("my_tool"), std::string::npos);
  }
  EXPECT_EQ(CompletionScript("csh", "x"), "");
}

}  // namespace
}  // namespace ctool::cli
