// SPDX-License-Identifier: Apache-2.0
//
// The parts of pull and import that need neither network nor store.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "engine/import_internal.hpp"
#include "engine/interrupt.hpp"
#include "engine/outcome.hpp"
#include "engine/pull_progress_internal.hpp"
#include "image_fixture.hpp"

namespace ctool::engine {
namespace {

TEST(Outcome, ArrivesAsItWas) {
  const std::string odd("a\n1 2 end\n\0b", 12);
  EXPECT_EQ(*DecodeOutcome(EncodeOutcome(odd)), odd);
  const Result<std::string> failed = DecodeOutcome(
      EncodeOutcome(Error::Sys(ENOENT, "open", "x").Wrap("pull").Hint("do this")));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), Code::kNotFound);
  EXPECT_EQ(failed.error().Message(), Error::Sys(ENOENT, "open", "x").Wrap("pull").Message());
  EXPECT_EQ(failed.error().hint(), "do this");
}

TEST(Outcome, HalfOfItIsTheErrorOfADeadProcess) {
  const std::string whole = EncodeOutcome(std::string("abc"));
  for (size_t n = 0; n < whole.size(); ++n) {
    const Result<std::string> half = DecodeOutcome(whole.substr(0, n));
    ASSERT_FALSE(half.ok()) << n;
    EXPECT_EQ(half.error().code(), Code::kInternal);
  }
  for (const char* text : {"x", "99999999999999999999 ok", "2 ok3 abc-1 end\n", "2 -13 abc0 end\n"})
    EXPECT_EQ(DecodeOutcome(text).error().code(), Code::kInternal) << text;
}

TEST(InterruptTest, ASignalInAnyProcessOfTheForkStopsBoth) {
  const Result<std::unique_ptr<Interrupt>> interrupt = Interrupt::Begin();
  ASSERT_TRUE(interrupt.ok());
  Interrupt& i = **interrupt;
  EXPECT_FALSE(i.stopped());
  i.Stop();
  EXPECT_TRUE(i.stopped());
  EXPECT_TRUE(i.Check().ok()) << "nobody asked for it to end";
  i.Resume();
  EXPECT_FALSE(i.stopped());
  const pid_t child = ::fork();
  if (child == 0) {
    ::raise(SIGINT);
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(i.stopped());
  EXPECT_EQ(i.signal(), SIGINT);
  EXPECT_FALSE(i.Check().ok());
  i.Resume();
  EXPECT_TRUE(i.stopped()) << "a signal is not forgotten";
}

TEST(InterruptTest, TheFormerDispositionsComeBack) {
  ::signal(SIGHUP, SIG_IGN);
  {
    const Result<std::unique_ptr<Interrupt>> interrupt = Interrupt::Begin();
    ::raise(SIGHUP);
    EXPECT_FALSE((*interrupt)->stopped()) << "nohup means it";
  }
  struct sigaction action {};
  ::sigaction(SIGINT, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
  EXPECT_EQ(::signal(SIGHUP, SIG_DFL), SIG_IGN);
}

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() {
    int ends[2];
    CHECK(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    in_ = sys::Fd(ends[0]);
    out_ = sys::Fd(ends[1]);
  }
  std::string Shown() {
    std::string text(65536, '\0');
    const ssize_t n = ::read(in_.get(), text.data(), text.size());
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return text;
  }
  const spec::Digest digest_ = *spec::Digest::FromHex(Id('a'));
  sys::Fd in_, out_;
};

TEST_F(ProgressTest, LinesAreThoseOfPodman) {
  PullProgress progress(PullProgress::Style::kLines, out_.get());
  progress.Line("Trying to pull x\x1b[2J...");
  progress.Begin("Copying blob", digest_, 100)->Finish();
  progress.Begin("Copying blob", digest_, 0)->Finish("skipped: already exists");
  EXPECT_EQ(Shown(), "Trying to pull x\\x1b[2J...\nCopying blob sha256:" + Id('a') +
                         " done\nCopying blob sha256:" + Id('a') + " skipped: already exists\n");
}

TEST_F(ProgressTest, QuietIsQuiet) {
  PullProgress progress(PullProgress::Style::kQuiet, out_.get());
  progress.Line("x");
  progress.Begin("Copying blob", digest_, 100)->Finish();
  EXPECT_EQ(Shown(), "");
}

TEST_F(ProgressTest, BarsAreRedrawnAndTakenAway) {
  {
    PullProgress progress(PullProgress::Style::kBars, out_.get());
    const std::unique_ptr<PullProgress::Transfer> transfer =
        progress.Begin("Copying blob", digest_, 4 << 20);
    transfer->counter()->received = 1 << 20;
    progress.Line("Getting image source signatures");
    const std::string shown = Shown();
    EXPECT_NE(shown.find("Copying blob aaaaaaaaaaaa [==="), std::string::npos) << shown;
    EXPECT_NE(shown.find("1.0MiB / 4.0MiB\n"), std::string::npos) << shown;
    transfer->Finish();
    EXPECT_NE(Shown().find("\r\x1b[1A\x1b[JCopying blob aaaaaaaaaaaa done\n"), std::string::npos);
  }
  EXPECT_EQ(Shown(), "");
}

TEST_F(ProgressTest, TheTotalCountsWhatIsDoneUnderWayAndToCome) {
  PullProgress progress(PullProgress::Style::kBars, out_.get());
  progress.Expect(8 << 20);
  {
    const std::unique_ptr<PullProgress::Transfer> done = progress.Begin("Copying blob", digest_, 2 << 20);
    done->counter()->received = 2 << 20;
    done->Finish();
  }
  const std::unique_ptr<PullProgress::Transfer> transfer = progress.Begin("Copying blob", digest_, 4 << 20);
  transfer->counter()->received = 1 << 20;
  Shown();
  progress.Line("x");
  EXPECT_NE(Shown().find("3.0MiB / 8.0MiB "), std::string::npos);
}

TEST(RateMeterTest, OfTheLastSecondsOnly) {
  constexpr int64_t kSecond = 1'000'000'000;
  RateMeter rate;
  EXPECT_EQ(rate.BytesPerSecond(), 0);
  rate.Add(0, 0);
  EXPECT_EQ(rate.BytesPerSecond(), 0);
  rate.Add(kSecond, 1000);
  EXPECT_EQ(rate.BytesPerSecond(), 1000);
  for (int i = 2; i < 20; ++i) rate.Add(i * kSecond, 1000 + (i - 1) * 10);
  EXPECT_EQ(rate.BytesPerSecond(), 10);
}

TEST(TimeLeftTest, AsAClockShowsIt) {
  EXPECT_EQ(TimeLeft(700, 100), "0:07");
  EXPECT_EQ(TimeLeft(0, 100), "0:00");
  EXPECT_EQ(TimeLeft(6200, 100), "1:02");
  EXPECT_EQ(TimeLeft(372300, 100), "1:02:03");
  EXPECT_EQ(TimeLeft(1000, 0), "");
  EXPECT_EQ(TimeLeft(INT64_MAX, 1), "");
}

TEST_F(ProgressTest, AFileIsNoTerminal) {
  EXPECT_EQ(PullProgress::StyleFor(out_.get(), false), PullProgress::Style::kLines);
  EXPECT_EQ(PullProgress::StyleFor(out_.get(), true), PullProgress::Style::kQuiet);
}

TEST(ApplyChangeTest, EveryInstruction) {
  spec::ImageDefaults config;
  for (const char* change :
       {"CMD [\"sh\", \"-c\", \"x y\"]", "ENTRYPOINT run it", "env A=1 B='x y'", "ENV A=2",
        "ENV OLD some words", "ENV=C=3", "EXPOSE 80 53/udp 80", "EXPOSE 8000-8001",
        "LABEL a=\"x y\" b=z", "ONBUILD RUN x", "STOPSIGNAL SIGINT", "USER 1000:1000",
        "VOLUME /a /b", "VOLUME [\"/c d\"]", "WORKDIR /w"}) {
    const Status applied = ApplyChange(change, config);
    EXPECT_TRUE(applied.ok()) << change << ": " << applied.error().Message();
  }
  using List = std::vector<std::string>;
  EXPECT_EQ(config.cmd, (List{"sh", "-c", "x y"}));
  EXPECT_EQ(config.entrypoint, (List{"/bin/sh", "-c", "run it"}));
  EXPECT_EQ(config.env, (List{"A=2", "B=x y", "OLD=some words", "C=3"}));
  EXPECT_EQ(config.exposed_ports, (List{"80/tcp", "53/udp", "8000/tcp", "8001/tcp"}));
  EXPECT_EQ(config.labels, (std::map<std::string, std::string>{{"a", "x y"}, {"b", "z"}}));
  EXPECT_EQ(config.on_build, List{"RUN x"});
  EXPECT_EQ(config.stop_signal, "SIGINT");
  EXPECT_EQ(config.user, "1000:1000");
  EXPECT_EQ(config.volumes, (List{"/a", "/b", "/c d"}));
  EXPECT_EQ(config.working_dir, "/w");
}

TEST(ApplyChangeTest, WhatIsNone) {
  spec::ImageDefaults config;
  for (const char* change : {"", "CMD", "FROM x", "ENV A", "ENV =x", "ENV A=1 B", "ENV A='x",
                             "EXPOSE 0", "EXPOSE 65536", "EXPOSE 9-8", "EXPOSE x/tcp",
                             "EXPOSE 80/icmp", "LABEL"})
    EXPECT_EQ(ApplyChange(change, config).error().code(), Code::kInvalidArgument) << change;
}

}  // namespace
}  // namespace ctool::engine
