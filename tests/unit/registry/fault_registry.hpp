// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "registry/client.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::registry {

// A temporary directory.
class TestDir {
 public:
  TestDir() {
    char name[] = "/tmp/ctool-registry-XXXXXX";
    CHECK(::mkdtemp(name) != nullptr);
    path_ = name;
  }
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;
  ~TestDir() { CHECK(sys::RemoveTree(path_).ok()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::vector<std::string> TestEnvironment() { return {"PATH=/usr/bin:/bin"}; }

inline std::string Python() {
  const Result<std::string> python = sys::FindProgram("python3", "/usr/bin:" + sys::ProgramPath());
  CHECK(python.ok());
  return *python;
}

// tests/system/faultreg.py, running.
class FaultRegistry {
 public:
  explicit FaultRegistry(const std::vector<std::string>& arguments = {}) {
    int ends[2];
    CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    const sys::Fd out(ends[0]), in(ends[1]);
    sys::SpawnOptions options;
    options.argv = {Python(), CTOOL_SOURCE_DIR "/tests/system/faultreg.py", "--root", dir_.path()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.env = TestEnvironment();
    options.fds = {{in.get(), STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
    Result<sys::Child> child = sys::Spawn(options);
    CHECK(child.ok());
    child_.emplace(std::move(child).value());
    std::string text;
    while (Split(text, '\n').size() < 3) {
      char c = 0;
      CHECK(::read(out.get(), &c, 1) == 1);
      text += c;
    }
    port_ = Split(text, '\n')[0];
  }

  std::string host() const { return "127.0.0.1:" + port_; }
  const std::string& port() const { return port_; }

  // The lines of requests.log that have `part` in them.
  std::vector<std::string> Requests(const std::string& part) const {
    const Result<std::string> log = sys::ReadFile(dir_.path() + "/requests.log", 64 << 20);
    CHECK(log.ok());
    std::vector<std::string> out;
    for (const std::string& line : Split(*log, '\n'))
      if (line.find(part) != std::string::npos) out.push_back(line);
    return out;
  }

 private:
  TestDir dir_;
  std::optional<sys::Child> child_;
  std::string port_;
};

}  // namespace ctool::registry
