// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace ctool {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Error(Code::kInvalidArgument, "odd");
  return n / 2;
}
Result<int> Quarter(int n) { return TRY_CTX("first half", Half(TRY(Half(n)))); }

TEST(Result, TryReturnsTheErrorWithItsContext) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(3).error().Message(), "odd");
  EXPECT_EQ(Quarter(6).error().Message(), "first half: odd");
}

TEST(Error, NamesOperationObjectAndCause) {
  const Error e = Error::Sys(ENOENT, "open", "/x").Wrap("reading").Hint("look elsewhere");
  EXPECT_EQ(e.Message(), "reading: open '/x': no such file or directory");
  EXPECT_EQ(e.code(), Code::kNotFound);
  EXPECT_EQ(e.sys_errno(), ENOENT);
  EXPECT_EQ(Error(e).Hint("another").hint(), "look elsewhere") << "the innermost hint wins";
}

}  // namespace
}  // namespace ctool
