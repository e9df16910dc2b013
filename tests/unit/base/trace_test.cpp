// SPDX-License-Identifier: Apache-2.0
#include "base/trace.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace ctool {
namespace {

std::string Contents(int fd) {
  std::string text(4096, '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return text;
}

TEST(TraceTest, MarksNameTheirProgramAndStayOnOneLine) {
  const int file = ::memfd_create("marks", MFD_CLOEXEC);
  SetProfile(::dup3(file, 100, O_CLOEXEC));
  SetSource("monitor");
  Mark("first");
  Mark("two\nlines");
  EndProfile();
  Mark("nobody hears it");
  const std::string text = Contents(file);
  ::close(file);
  SetSource("ctool");
  EXPECT_NE(text.find(" monitor first\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" monitor two\\x0alines\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("nobody"), std::string::npos);
  EXPECT_EQ(::fcntl(100, F_GETFD), -1);  // closed
}

TEST(TraceTest, FollowsWhoStartedUs) {
  const int file = ::memfd_create("marks", MFD_CLOEXEC);
  ::setenv(kProfileVariable, ("/proc/self/fd/" + std::to_string(file)).c_str(), 1);
  FollowParent("images");
  EXPECT_EQ(std::getenv(kProfileVariable), nullptr);
  EXPECT_STREQ(Source(), "images");
  Mark("fetched");
  EndProfile();
  EXPECT_NE(Contents(file).find(" images fetched\n"), std::string::npos);
  ::close(file);
  SetSource("ctool");
}

TEST(TraceTest, AProfileThatCannotBeOpenedIsNone) {
  ::setenv(kProfileVariable, "/nonexistent/file", 1);
  FollowParent("images");
  Mark("to nobody");
  SetSource("ctool");
}

}  // namespace
}  // namespace ctool
