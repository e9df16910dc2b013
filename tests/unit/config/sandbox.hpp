// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ctool::config {

// A home of its own for every test: HOME and the XDG variables point into a fresh folder, the
// variables that name configuration files are unset.
class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    char name[] = "/tmp/ctool-config-XXXXXX";
    if (::mkdtemp(name) != nullptr) home_ = name;
    for (const char* variable :
         {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "DOCKER_CONFIG",
          "REGISTRY_AUTH_FILE", "CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE",
          "CONTAINERS_REGISTRIES_CONF", "CONTAINERS_POLICY_JSON"})
      ::unsetenv(variable);
    ::setenv("HOME", home_.c_str(), 1);
  }
  ~ConfigTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(home_, ignored);
  }

  // Writes `text` to home/`name`, making folders; returns the path.
  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = home_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }

  std::string ReadBack(const std::string& path) const {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string home_;
};

}  // namespace ctool::config
