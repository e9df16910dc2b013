// SPDX-License-Identifier: Apache-2.0
#include "builder/output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys/file.hpp"

namespace ctool::builder {
namespace {

struct Captured {
  Captured() : fd(::memfd_create("out", MFD_CLOEXEC)) {}
  std::string text() const {
    EXPECT_EQ(::lseek(fd.get(), 0, SEEK_SET), 0);
    return *sys::ReadAll(fd.get(), "out", 1 << 20);
  }
  sys::Fd fd;
};

TEST(OutputTest, ReadsAsIfStagesRanOneAfterTheOther) {
  const Captured out;
  Output output({false, false, out.fd.get(), out.fd.get()}, 3);
  output.Line(2, "third");
  output.Line(1, "second");
  output.Line(0, "first");
  output.Finish(2);
  output.Finish(0);
  output.Line(1, "second again");
  EXPECT_EQ(out.text(), "first\nsecond\nsecond again\n");
  output.Finish(1);
  output.Last("end\n");
  EXPECT_EQ(out.text(), "first\nsecond\nsecond again\nthird\nend\n");
}

TEST(OutputTest, WhatWaitsIsBounded) {
  const Captured out;
  Output output({false, false, out.fd.get(), out.fd.get()}, 2);
  const std::string much(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) output.Write(1, Output::Stream::kOut, much);
  output.Finish(0);
  output.Line(1, "its turn");
  const off_t size = ::lseek(out.fd.get(), 0, SEEK_END);
  EXPECT_GT(size, 15 << 20);
  EXPECT_LT(size, 17 << 20);
  std::string end(200, '\0');
  EXPECT_EQ(::pread(out.fd.get(), end.data(), end.size(), size - 200), 200);
  EXPECT_NE(end.find("left out"), std::string::npos);
  EXPECT_NE(end.find("its turn\n"), std::string::npos);
}

TEST(OutputTest, WhoComesAfterHisTurnIsShown) {
  const Captured out;
  Output output({false, false, out.fd.get(), out.fd.get()}, 2);
  output.Finish(0);
  output.Line(1, "second");
  output.Line(0, "first");
  EXPECT_EQ(out.text(), "second\nfirst\n");
}

TEST(OutputTest, QuietSaysOnlyTheLast) {
  const Captured out;
  Output output({true, false, out.fd.get(), out.fd.get()}, 1);
  output.Line(0, "step");
  output.Finish(0);
  output.Last("id\n");
  EXPECT_EQ(out.text(), "id\n");
}

TEST(OutputTest, APipeArrivesWhole) {
  const Captured out;
  Output output({false, false, out.fd.get(), out.fd.get()}, 1);
  {
    const Result<std::unique_ptr<OutputPipe>> pipe = OutputPipe::Start(output, 0, Output::Stream::kOut);
    ASSERT_TRUE(pipe.ok());
    ASSERT_TRUE(sys::WriteAll((*pipe)->fd(), std::string(100000, 'x'), "pipe").ok());
  }
  EXPECT_EQ(out.text(), std::string(100000, 'x'));
}

}  // namespace
}  // namespace ctool::builder
