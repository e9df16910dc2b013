// SPDX-License-Identifier: Apache-2.0
#include "monitor/log.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "monitor/config.hpp"
#include "monitor/sandbox.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/ctool-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
  }
  void TearDown() override { EXPECT_TRUE(sys::RemoveTree(dir_).ok()); }
  Log Open(int64_t max_size) const {
    Config config;
    config.log_path = dir_ + "/log";
    config.log_max_size = max_size;
    return Log::Open(config).value();
  }
  // Each line without its time stamp, which must be there.
  std::vector<std::string> Lines(const char* name = "/log") {
    std::vector<std::string> lines;
    for (const std::string& line : Split(sys::ReadFile(dir_ + name).value(), '\n')) {
      if (line.empty()) continue;
      EXPECT_GT(line.find(' '), 30u) << line;
      lines.push_back(line.substr(line.find(' ') + 1));
    }
    return lines;
  }
  std::string dir_;
};

TEST_F(LogTest, MarksWholeAndPartialLines) {
  Log log = Open(-1);
  log.Append("stdout", "one\ntwo");
  log.Append("stdout", " more\n");
  log.Append("stderr", "bad\n\n");
  EXPECT_EQ(Lines(), (std::vector<std::string>{"stdout F one", "stdout P two", "stdout F  more", "stderr F bad", "stderr F "}));
}

TEST_F(LogTest, BeginsAnewAtItsLimitAndKeepsOneOlderFile) {
  Log log = Open(200);
  for (int i = 0; i < 50; ++i) log.Append("stdout", "line " + std::to_string(i) + "\n");
  EXPECT_LE(sys::ReadFile(dir_ + "/log")->size(), 200u);
  EXPECT_LE(sys::ReadFile(dir_ + "/log.1")->size(), 200u);
  std::vector<std::string> kept = Lines("/log.1");
  for (const std::string& line : Lines()) kept.push_back(line);
  ASSERT_GE(kept.size(), 4u);
  for (size_t i = 0; i < kept.size(); ++i)
    EXPECT_EQ(kept[i], "stdout F line " + std::to_string(50 - kept.size() + i));
}

TEST_F(LogTest, AChunkLargerThanTheLimitIsKeptWhole) {
  Log log = Open(100);
  const std::string big(1000, 'x');
  log.Append("stdout", "a\n");
  log.Append("stdout", big + "\n");
  EXPECT_EQ(Lines(), std::vector<std::string>{"stdout F " + big});
  EXPECT_EQ(Lines("/log.1"), std::vector<std::string>{"stdout F a"});
}

TEST_F(LogTest, GoesOnAfterATornLine) {
  ASSERT_TRUE(sys::WriteFileAtomic(dir_ + "/log", "2026-01-02T03:04:05.000000000+00:00 stdout F hal", 0600, sys::Durability::kNone).ok());
  Open(-1).Append("stdout", "whole\n");
  EXPECT_EQ(Lines(), (std::vector<std::string>{"stdout F hal", "stdout F whole"}));
}

TEST_F(LogTest, AFileThatWasTakenAwayIsBegunAnew) {
  Log log = Open(100);
  log.Append("stdout", "one\n");
  ASSERT_EQ(::unlink((dir_ + "/log").c_str()), 0);
  for (int i = 0; i < 5; ++i) log.Append("stdout", std::string(40, 'x') + "\n");
  EXPECT_EQ(Lines(), std::vector<std::string>{"stdout F " + std::string(40, 'x')});
}

// What journald would receive.
class Journal {
 public:
  explicit Journal(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  std::string Next() {
    std::string entry(1 << 18, '\0');
    const ssize_t n = ::recv(fd_.get(), entry.data(), entry.size(), 0);
    entry.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return entry;
  }
  std::string Wait() {
    pollfd polled{fd_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&polled, 1, 10'000), 1);
    return Next();
  }

 private:
  sys::Fd fd_;
};

TEST_F(LogTest, SendsEntriesToTheJournal) {
  Config config;
  config.log_driver = "journald";
  config.log_path = dir_ + "/socket";
  config.id = std::string(64, 'a');
  config.name = "web";
  EXPECT_FALSE(Log::Open(config).ok());
  Journal journal(config.log_path);
  Log log = Log::Open(config).value();
  log.Append("stdout", "one\ntw");
  log.Append("stderr", "bad\n");
  log.Append("stdout", "o\nend");
  const std::string common = "CONTAINER_ID=aaaaaaaaaaaa\nCONTAINER_ID_FULL=" + config.id +
                             "\nCONTAINER_NAME=web\nSYSLOG_IDENTIFIER=web\n";
  EXPECT_EQ(journal.Next(), common + "PRIORITY=6\nMESSAGE=one\n");
  EXPECT_EQ(journal.Next(), common + "PRIORITY=3\nMESSAGE=bad\n");
  EXPECT_EQ(journal.Next(), common + "PRIORITY=6\nMESSAGE=two\n");
  EXPECT_EQ(journal.Next(), "");
  std::thread finish([&] { log.Finish(); });
  const std::string end = common + "PRIORITY=6\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=end\n";
  EXPECT_EQ(journal.Wait(), end);
  EXPECT_EQ(journal.Wait(), "");  // tells that all before it is kept
  finish.join();
  config.log_tag = "tag";
  Log::Open(config)->Append("stdout", "x\n");
  EXPECT_NE(journal.Next().find("CONTAINER_TAG=tag\nSYSLOG_IDENTIFIER=tag\n"), std::string::npos);
}

class JournalLogTest : public LogTest {
 protected:
  Log OpenJournal() const {
    Config config;
    config.log_driver = "journald";
    config.log_path = dir_ + "/socket";
    config.id = std::string(64, 'a');
    config.name = "web";
    return Log::Open(config).value();
  }
  // What is said in it, and "..." where it goes on.
  static std::string Said(const std::string& entry) {
    const size_t message = entry.find("MESSAGE=", entry.find("PRIORITY="));
    if (message == std::string::npos) return "";
    const bool partial = entry.compare(message, 12, "MESSAGE=true") == 0;
    const size_t begin = entry.rfind("\nMESSAGE=") + 9;
    return entry.substr(begin, entry.size() - 1 - begin) + (partial ? "..." : "");
  }
};

TEST_F(JournalLogTest, CutsLongLines) {
  Journal journal(dir_ + "/socket");
  Log log = OpenJournal();
  const std::string most(48 << 10, 'x');
  log.Append("stdout", most.substr(0, 1000));
  log.Append("stdout", most + "y\n" + most + "\n");
  const std::string rest = most.substr(0, 1000) + "y";
  for (const std::string& wanted : {most + "...", rest, most, std::string()}) EXPECT_EQ(Said(journal.Next()), wanted);
}

TEST_F(JournalLogTest, GoesOnWithASocketThatIsMadeAnew) {
  auto journal = std::make_unique<Journal>(dir_ + "/socket");
  Log log = OpenJournal();
  log.Append("stdout", "one\n");
  EXPECT_EQ(Said(journal->Next()), "one");
  ASSERT_EQ(::unlink((dir_ + "/socket").c_str()), 0);
  journal.reset();
  std::thread writer([&] { log.Append("stdout", "two\n"); });
  ::usleep(50'000);
  journal = std::make_unique<Journal>(dir_ + "/socket");
  EXPECT_EQ(Said(journal->Wait()), "two");
  writer.join();
}

TEST_F(JournalLogTest, WaitsOnceForAJournalThatTakesNothingAndSaysWhatIsLost) {
  Journal journal(dir_ + "/socket");
  Log log = OpenJournal();
  const int64_t begin = MonotonicNanos();
  std::string lines;
  for (int i = 1; i <= 1000; ++i) lines += std::to_string(i) + "\n";
  log.Append("stdout", lines);  // more than the socket holds
  const int64_t spent = MonotonicNanos() - begin;
  EXPECT_GE(spent, 1'900'000'000);
  EXPECT_LT(spent, 6'000'000'000);
  int kept = 0;
  for (std::string said; !(said = Said(journal.Next())).empty(); ++kept) EXPECT_EQ(said, std::to_string(kept + 1));
  ASSERT_GT(kept, 0);
  log.Append("stdout", "after\n");
  EXPECT_EQ(Said(journal.Next()), "ctool: " + std::to_string(1000 - kept) + " log entries are lost: the journal took nothing");
  EXPECT_EQ(Said(journal.Next()), "after");
}

TEST(JournalField, WithANewlineHasItsLength) {
  std::string field;
  AppendJournalField(field, "A", "x\ny");
  EXPECT_EQ(field, std::string("A\n\3\0\0\0\0\0\0\0x\ny\n", 14));
}

TEST(Config, SurvivesPrintAndParse) {
  Config c;
  c.id = "id";
  c.run_dir = "/run/x";
  c.exit_file = "/x/exit";
  c.ports = {"8080:80/tcp"};
  c.cleanup = {"ctool", "container", "cleanup", "id"};
  const Config again = Config::Parse(c.Print()).value();
  EXPECT_EQ(again.Print(), c.Print());
  EXPECT_FALSE(Config::Parse("[]").ok());
  EXPECT_FALSE(Config::Parse("{}").ok());
}

TEST(Sandbox, SurvivesPrintAndParse) {
  Sandbox s;
  s.namespaces = 0x10020000;
  s.keep_stdin = true;
  s.map.uids = {{0, 1000, 1}, {1, 100000, 65536}};
  s.map.gids = {{0, 1000, 1}};
  s.map.newgidmap = "/usr/bin/newgidmap";
  s.network.name = "slirp4netns";
  s.network.command = {"/usr/bin/slirp4netns", "-c"};
  s.network.prefix = 24;
  s.network.ipv6 = true;
  const Sandbox again = *Sandbox::Parse(s.Print());
  EXPECT_EQ(again.Print(), s.Print());
  EXPECT_EQ(again.namespaces, s.namespaces);
  EXPECT_EQ(again.map.uids, s.map.uids);
  EXPECT_TRUE(again.keep_stdin);
  EXPECT_FALSE(again.terminal);
  EXPECT_EQ(again.network.command, s.network.command);
  EXPECT_EQ(again.network.prefix, 24);
  EXPECT_TRUE(again.network.ipv6);
}

}  // namespace
}  // namespace ctool::monitor
