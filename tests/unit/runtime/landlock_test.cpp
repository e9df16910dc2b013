// SPDX-License-Identifier: Apache-2.0
#include "runtime/landlock.hpp"

#include <gtest/gtest.h>

namespace ctool::runtime {
namespace {

Landlock Must(const std::string& text) {
  Landlock rules;
  const Status added = rules.Add(text);
  EXPECT_TRUE(added.ok()) << added.error().Message();
  return rules;
}

TEST(Landlock, Items) {
  const Landlock rules = Must("ro=/usr:/lib,rw=/data,rw-noexec=/tmp,tcp-connect=443,tcp-bind=80:8080,scope=signal:abstract-unix");
  ASSERT_EQ(rules.paths.size(), 4u);
  EXPECT_EQ(rules.paths[1].path, "/lib");
  EXPECT_TRUE(rules.paths[1].execute);
  EXPECT_FALSE(rules.paths[1].write);
  EXPECT_TRUE(rules.paths[3].write);
  EXPECT_FALSE(rules.paths[3].execute);
  EXPECT_EQ(rules.bind, (std::vector<uint16_t>{80, 8080}));
  EXPECT_TRUE(rules.scope_signal && rules.scope_abstract_unix);
  EXPECT_FALSE(rules.best_effort);
}

TEST(Landlock, WhatIsPrintedMeansTheSame) {
  for (const char* text : {"ro=/usr,rw=/data,ro-noexec=/etc,tcp-bind=none,scope=signal", "tcp-connect=1:2,best-effort", ""})
    EXPECT_EQ(Must(Must(text).Print()).Print(), Must(text).Print()) << text;
  EXPECT_EQ(Must("tcp-bind=none").Print(), "tcp-bind=none");
}

TEST(Landlock, AFileHasLinesAndComments) {
  const Landlock rules = Must("# what it reads\nro=/usr:/etc # and nothing else\n\n rw=/data , tcp-bind=80\n");
  EXPECT_EQ(rules.Print(), "ro=/usr,ro=/etc,rw=/data,tcp-bind=80");
}

TEST(Landlock, NonsenseIsRefused) {
  for (const char* bad : {"ro=usr", "ro=", "rw=/a::/b", "tcp-bind=65536", "tcp-bind=", "tcp-connect=80-90", "tcp-bind=-1", "scope=all", "x", "readonly=/", "ro"}) {
    Landlock rules;
    EXPECT_EQ(rules.Add(bad).error().code(), Code::kInvalidArgument) << bad;
  }
}

TEST(Landlock, AKernelWithoutWhatIsAskedForIsAnErrorUnlessBestEffort) {
  EXPECT_TRUE(CheckLandlock(Must("ro=/"), 3).ok());
  EXPECT_EQ(CheckLandlock(Must("ro=/"), 2).error().code(), Code::kUnsupported);
  EXPECT_EQ(CheckLandlock(Must("ro=/"), 0).error().code(), Code::kUnsupported);
  EXPECT_TRUE(CheckLandlock(Must("ro=/,best-effort"), 0).ok());
  EXPECT_FALSE(CheckLandlock(Must("tcp-bind=80"), 3).ok());
  EXPECT_FALSE(CheckLandlock(Must("scope=signal"), 5).ok());
  EXPECT_TRUE(CheckLandlock(Must("scope=signal"), 6).ok());
  EXPECT_EQ(CheckLandlock(Must(""), 7).error().code(), Code::kInvalidArgument) << "rules that restrict nothing";
}

}  // namespace
}  // namespace ctool::runtime
