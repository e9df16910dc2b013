// SPDX-License-Identifier: Apache-2.0
#include "config/auth.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include "config/auth_internal.hpp"
#include "sandbox.hpp"

namespace ctool::config {
namespace {

class AuthTest : public ConfigTest {
 protected:
  AuthTest() : path_(Env("PATH")) { ::setenv("PATH", (home_ + "/bin:" + path_).c_str(), 1); }
  ~AuthTest() override { ::setenv("PATH", path_.c_str(), 1); }

  static std::string Env(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  }
  static std::string Entry(const std::string& key, const std::string& user_and_password) {
    return "\"" + key + "\":{\"auth\":\"" + EncodeBase64(user_and_password) + "\"}";
  }
  std::string Auths(const std::string& entries) {
    return Write("auth.json", "{\"auths\":{" + entries + "}}");
  }
  std::string UserOf(const std::string& file, const std::string& host,
                     const std::string& repository) {
    const auto found = FindCredentials(file, host, repository);
    return found.ok() ? found->username : "error: " + found.error().Message();
  }
  // docker-credential-NAME that runs `body`, a shell script.
  void Helper(const std::string& name, const std::string& body) {
    const std::string path = Write("bin/docker-credential-" + name, "#!/bin/sh\n" + body + "\n");
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  }

  std::string path_;
};

TEST(Base64, RoundTripAndRefusals) {
  for (const std::string text : {"", "a", "ab", "abc", "user:pa\xff\x00ss", "abcdefg"})
    EXPECT_EQ(DecodeBase64(EncodeBase64(text)), text);
  EXPECT_EQ(EncodeBase64("user:pass"), "dXNlcjpwYXNz");
  EXPECT_EQ(EncodeBase64("ab"), "YWI=");
  for (const char* bad : {"a", "abc", "ab!=", "====", "YWI=YWI=", "YW I="})
    EXPECT_FALSE(DecodeBase64(bad)) << bad;
}

TEST_F(AuthTest, LongestKeyWins) {
  const std::string file =
      Auths(Entry("r.example", "host:1") + "," + Entry("r.example/ns", "ns:2") + "," +
            Entry("r.example/ns/app", "app:a:b"));
  EXPECT_EQ(UserOf(file, "r.example", "ns/app"), "app");
  EXPECT_EQ(FindCredentials(file, "r.example", "ns/app")->password, "a:b");
  EXPECT_EQ(UserOf(file, "r.example", "ns/apps"), "ns");
  EXPECT_EQ(UserOf(file, "r.example", "nsx/app"), "host");
  EXPECT_EQ(UserOf(file, "r.example", ""), "host");
  EXPECT_EQ(UserOf(file, "r.example:5000", "ns/app"), "");
  EXPECT_EQ(UserOf(file, "example", "x"), "");
}

TEST_F(AuthTest, KeysOfEveryFileWithoutAskingAnybody) {
  Helper("loud", "touch '" + home_ + "/asked'; exit 1");
  Write(".config/containers/auth.json", "{\"auths\":{" + Entry("r.example/ns", "a:b") + "},\"credHelpers\":{\"h.example\":\"loud\"}}");
  Write(".docker/config.json", "{\"auths\":{" + Entry("https://index.docker.io/v1/", "a:b") + "," + Entry("r.example/ns", "c:d") + "},\"credsStore\":\"loud\"}");
  Write(".dockercfg", "no JSON");
  EXPECT_EQ(CredentialKeys(), (std::vector<std::string>{"docker.io", "h.example", "r.example/ns"}));
  EXPECT_NE(::access((home_ + "/asked").c_str(), F_OK), 0);
  ::setenv("REGISTRY_AUTH_FILE", Auths(Entry("named.example", "a:b")).c_str(), 1);
  EXPECT_EQ(CredentialKeys(), (std::vector<std::string>{"named.example"}));
  ::unsetenv("REGISTRY_AUTH_FILE");
}

TEST_F(AuthTest, OldKeysOfDocker) {
  const std::string file = Auths(Entry("https://index.docker.io/v1/", "hub:x") + "," +
                                 Entry("https://r.example/v2/", "url:x"));
  EXPECT_EQ(UserOf(file, "docker.io", "library/alpine"), "hub");
  EXPECT_EQ(UserOf(file, "registry-1.docker.io", ""), "hub");
  EXPECT_EQ(UserOf(file, "r.example", "a"), "url");
}

TEST_F(AuthTest, IdentityToken) {
  const std::string file =
      Write("a.json", "{\"auths\":{\"r.example\":{\"auth\":\"dDo=\",\"identitytoken\":\"tok\"}}}");
  const auto found = FindCredentials(file, "r.example", "");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->identity_token, "tok");
  EXPECT_EQ(found->username, "t");
}

TEST_F(AuthTest, SearchOrder) {
  const std::string run = home_ + "/run";
  std::filesystem::create_directories(run + "/containers");
  ASSERT_EQ(::chmod(run.c_str(), 0700), 0);
  Write(".dockercfg", "{" + Entry("r.example", "dockercfg:1") + "}");
  EXPECT_EQ(UserOf("", "r.example", "a"), "dockercfg");
  Write(".docker/config.json", "{\"auths\":{" + Entry("r.example", "docker:1") + "}}");
  EXPECT_EQ(UserOf("", "r.example", "a"), "docker");
  Write("other/config.json", "{\"auths\":{" + Entry("r.example", "other:1") + "}}");
  ::setenv("DOCKER_CONFIG", (home_ + "/other").c_str(), 1);
  EXPECT_EQ(UserOf("", "r.example", "a"), "other");
  Write(".config/containers/auth.json", "{\"auths\":{" + Entry("r.example", "config:1") + "}}");
  EXPECT_EQ(UserOf("", "r.example", "a"), "config");
  Write("run/containers/auth.json", "{\"auths\":{" + Entry("r.example", "run:1") + "}}");
  ::setenv("XDG_RUNTIME_DIR", run.c_str(), 1);
  EXPECT_EQ(UserOf("", "r.example", "a"), "run");
  EXPECT_EQ(UserOf("", "else.example", "a"), "");
  ::setenv("REGISTRY_AUTH_FILE", Auths(Entry("r.example", "env:1")).c_str(), 1);
  EXPECT_EQ(UserOf("", "r.example", "a"), "env");
  EXPECT_EQ(UserOf(Write("named.json", "{\"auths\":{" + Entry("r.example", "named:1") + "}}"),
                   "r.example", "a"),
            "named");
}

TEST_F(AuthTest, FilesThatAreNone) {
  const auto missing = FindCredentials(home_ + "/none.json", "r.example", "");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().Message(), "credential file is not accessible: faccessat " + home_ +
                                           "/none.json: no such file or directory");
  const auto code = [&](const std::string& text) {
    const auto found = FindCredentials(Write("x.json", text), "r.example", "");
    return found.ok() ? Code::kInternal : found.error().code();
  };
  EXPECT_EQ(code("{\"auths\":"), Code::kCorrupt);
  EXPECT_EQ(code("[]"), Code::kCorrupt);
  EXPECT_EQ(code("{\"auths\":[]}"), Code::kCorrupt);
  EXPECT_EQ(code("{\"auths\":{\"r.example\":7}}"), Code::kCorrupt);
  EXPECT_EQ(code("{\"auths\":{\"r.example\":{\"auth\":\"!!!\"}}}"), Code::kCorrupt);
  EXPECT_EQ(code("{\"auths\":{\"r.example\":{\"auth\":\"YWI=\"}}}"), Code::kCorrupt) << "no colon";
  EXPECT_EQ(code("{\"credHelpers\":{\"r.example\":1}}"), Code::kCorrupt);
  EXPECT_EQ(code("{\"credsStore\":1}"), Code::kCorrupt);
  EXPECT_EQ(code(std::string((4 << 20) + 1, ' ')), Code::kCorrupt);
  EXPECT_TRUE(FindCredentials(Write("empty.json", ""), "r.example", "").ok());
  EXPECT_FALSE(FindCredentials(home_, "r.example", "").ok()) << "a folder";
}

TEST_F(AuthTest, HelperOfTheHostOnly) {
  Helper("good",
         "read server; test \"$1\" = get || exit 9\n"
         "echo \"{\\\"ServerURL\\\":\\\"$server\\\",\\\"Username\\\":\\\"for $server\\\","
         "\\\"Secret\\\":\\\"s\\\"}\"");
  const std::string file =
      Write("a.json", "{\"credHelpers\":{\"r.example\":\"good\"},\"auths\":{" +
                          Entry("r.example", "file:1") + "," + Entry("o.example", "file:1") + "}}");
  EXPECT_EQ(UserOf(file, "r.example", "a"), "for r.example");
  EXPECT_EQ(UserOf(file, "o.example", "a"), "file");
  EXPECT_EQ(UserOf(file, "sub.r.example", "a"), "");
}

TEST_F(AuthTest, CredsStoreServesWhatTheFileLeavesOpen) {
  Helper("store",
         "read server\nif [ \"$server\" = https://index.docker.io/v1/ ]; then\n"
         "echo '{\"Username\":\"<token>\",\"Secret\":\"tok\"}'; exit 0; fi\n"
         "echo 'credentials not found in native keychain'; exit 1");
  const std::string file =
      Write("a.json", "{\"credsStore\":\"store\",\"auths\":{\"docker.io\":{}," +
                          Entry("r.example", "file:1") + "}}");
  EXPECT_EQ(FindCredentials(file, "docker.io", "library/a")->identity_token, "tok");
  EXPECT_EQ(UserOf(file, "r.example", "a"), "file");
  EXPECT_EQ(UserOf(file, "none.example", "a"), "");
}

TEST_F(AuthTest, FailingHelperIsAnErrorAndNeverAFallback) {
  Helper("fails", "echo 'locked: \033[31mkeyring' ; exit 1");
  Helper("junk", "echo not json");
  Helper("nosecret", "echo '{\"Username\":\"u\"}'");
  Helper("flood", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
  const auto with = [&](const std::string& helper) {
    const std::string file =
        Write("a.json", "{\"credHelpers\":{\"r.example\":\"" + helper + "\"},\"auths\":{" +
                            Entry("r.example", "f:1") + "}}");
    return UserOf(file, "r.example", "a");
  };
  EXPECT_EQ(with("fails"), "error: credential helper '" + home_ +
                               "/bin/docker-credential-fails get' exited with status 1: "
                               "locked: \\x1b[31mkeyring");
  EXPECT_NE(with("junk").find("did not answer"), std::string::npos);
  EXPECT_NE(with("nosecret").find("did not answer"), std::string::npos);
  EXPECT_NE(with("flood").find("1 MiB"), std::string::npos);
  EXPECT_NE(with("missing").find("not installed"), std::string::npos);
  EXPECT_NE(with("../../x").find("name may only"), std::string::npos);
  EXPECT_NE(with("UPPER").find("name may only"), std::string::npos);
}

TEST_F(AuthTest, SlowHelperIsStopped) {
  Helper("slow", "sleep 60");
  Result<CredentialHelper> helper = CredentialHelper::Find("slow");
  ASSERT_TRUE(helper.ok());
  helper->set_timeout_ms(50);
  const auto found = helper->Get("r.example");
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().Message().find("did not finish"), std::string::npos);
}

TEST_F(AuthTest, StoreKeepsTheRestOfTheFile) {
  const std::string file = Write(
      "a.json", "{\"HttpHeaders\":{\"X\":\"y\"},\"auths\":{" + Entry("o.example", "o:1") + "}}");
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  ::umask(0);
  ASSERT_TRUE(StoreCredentials(file, "r.example/ns", "me", "p:w").ok());
  ::umask(022);
  struct stat st {};
  ASSERT_EQ(::stat(file.c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  EXPECT_NE(ReadBack(file).find("\"HttpHeaders\""), std::string::npos);
  EXPECT_EQ(UserOf(file, "o.example", ""), "o");
  EXPECT_EQ(FindCredentials(file, "r.example", "ns/app")->password, "p:w");
  EXPECT_FALSE(StoreCredentials(file, "r.example", "a:b", "x").ok()) << "':' ends a user name";
}

TEST_F(AuthTest, StoreMakesTheDefaultFileAndFollowsLinks) {
  ASSERT_TRUE(StoreCredentials("", "r.example", "me", "pw").ok());
  EXPECT_EQ(UserOf("", "r.example", "x"), "me");
  EXPECT_EQ(*CredentialFileToWrite(""), home_ + "/.config/containers/auth.json");
  const std::string target = Write("dotfiles/auth.json", "{}");
  const std::string link = home_ + "/link.json";
  ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
  ASSERT_TRUE(StoreCredentials(link, "r.example", "linked", "pw").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(UserOf(target, "r.example", ""), "linked");
}

TEST_F(AuthTest, StoreUsesTheHelper) {
  Helper("keep", "cat > " + home_ + "/kept.$1");
  const std::string file = Write("a.json", "{\"credHelpers\":{\"r.example\":\"keep\"}}");
  ASSERT_TRUE(StoreCredentials(file, "r.example", "me", "pw\"x").ok());
  EXPECT_EQ(ReadBack(home_ + "/kept.store"),
            "{\"Secret\":\"pw\\\"x\",\"ServerURL\":\"r.example\",\"Username\":\"me\"}");
  EXPECT_EQ(ReadBack(file), "{\"credHelpers\":{\"r.example\":\"keep\"}}") << "no plain text copy";
  EXPECT_TRUE(*RemoveCredentials(file, "r.example"));
  EXPECT_EQ(ReadBack(home_ + "/kept.erase"), "r.example");
}

TEST_F(AuthTest, RemoveOneAndAll) {
  const std::string file = Auths(Entry("r.example", "a:1") + "," + Entry("o.example", "b:1"));
  EXPECT_TRUE(*RemoveCredentials(file, "r.example"));
  EXPECT_FALSE(*RemoveCredentials(file, "r.example"));
  EXPECT_EQ(UserOf(file, "o.example", ""), "b");
  ASSERT_TRUE(RemoveAllCredentials(file).ok());
  EXPECT_EQ(UserOf(file, "o.example", ""), "");
  EXPECT_FALSE(*RemoveCredentials(home_ + "/none.json", "r.example"));
}

TEST_F(AuthTest, ParallelWritersLoseNothing) {
  const std::string file = home_ + "/a.json";
  std::vector<pid_t> writers;
  for (int i = 0; i < 20; ++i) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0)
      ::_exit(StoreCredentials(file, "r" + std::to_string(i) + ".example", "u", "p").ok() ? 0 : 1);
    writers.push_back(pid);
  }
  for (const pid_t pid : writers) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(UserOf(file, "r" + std::to_string(i) + ".example", ""), "u") << i;
}

}  // namespace
}  // namespace ctool::config
