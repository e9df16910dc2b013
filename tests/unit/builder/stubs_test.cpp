// SPDX-License-Identifier: Apache-2.0
#include "builder/stubs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ctool::builder {
namespace {

namespace fs = std::filesystem;

TEST(StubsTest, WhatMountingMadeGoesAndNothingElse) {
  const fs::path dir = fs::temp_directory_path() / ("stubs." + std::to_string(::getpid()));
  fs::remove_all(dir);
  const fs::path lower = dir / "lower", upper = dir / "upper";
  fs::create_directories(lower / "etc");
  fs::create_directories(lower / "var");
  const Stubs stubs = Stubs::Note({lower}, {"/mnt/deep/cache", "/var/filled", "/run/file"});
  for (const char* made : {"etc", "mnt/deep/cache", "var/filled", "run", "proc", "home"}) fs::create_directories(upper / made);
  std::ofstream(upper / "etc/hosts").flush();
  std::ofstream(upper / "run/file").flush();
  std::ofstream(upper / "var/filled/x") << "the step's own";
  ASSERT_TRUE(stubs.Remove(upper).ok());
  EXPECT_FALSE(fs::exists(upper / "mnt"));
  EXPECT_FALSE(fs::exists(upper / "run"));
  EXPECT_FALSE(fs::exists(upper / "proc"));
  EXPECT_FALSE(fs::exists(upper / "etc")) << "only copied up for the hosts file";
  EXPECT_TRUE(fs::exists(upper / "var/filled/x"));
  EXPECT_TRUE(fs::exists(upper / "home")) << "nobody mounts there";
  fs::remove_all(dir);
}

TEST(StubsTest, AFolderWhoseModeTheStepChangedStays) {
  const fs::path dir = fs::temp_directory_path() / ("stubs." + std::to_string(::getpid()));
  fs::remove_all(dir);
  fs::create_directories(dir / "lower/etc");
  const Stubs stubs = Stubs::Note({dir / "lower"}, {});
  fs::create_directories(dir / "upper/etc");
  fs::permissions(dir / "upper/etc", fs::perms::owner_all);
  std::ofstream(dir / "upper/etc/hosts").flush();
  ASSERT_TRUE(stubs.Remove(dir / "upper").ok());
  EXPECT_TRUE(fs::exists(dir / "upper/etc"));
  EXPECT_FALSE(fs::exists(dir / "upper/etc/hosts"));
  fs::remove_all(dir);
}

}  // namespace
}  // namespace ctool::builder
