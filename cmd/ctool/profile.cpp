// SPDX-License-Identifier: Apache-2.0
#include "ctool/profile.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/text.hpp"
#include "base/trace.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

constexpr size_t kMostBytes = 1 << 20;  // of marks: a command has some dozens
constexpr double kNanosPerMilli = 1e6;

struct Moment {
  uint64_t at = 0;
  std::string source, phase;
};

std::vector<Moment> Parse(std::string_view marks) {
  std::vector<Moment> moments;
  for (const std::string& line : Split(marks, '\n')) {
    const size_t first = line.find(' '), second = line.find(' ', first + 1);
    const std::optional<uint64_t> at = ParseUint(line.substr(0, first));
    if (!at || second == std::string::npos) continue;
    moments.push_back({*at, line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  // Several programs write at once.
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.at < b.at; });
  return moments;
}

}  // namespace

Result<Profile> Profile::Begin(const char* source) {
  sys::Fd file(::memfd_create("ctool-profile", MFD_CLOEXEC));
  if (!file) return Error::Sys(errno, "memfd_create");
  const std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file.get());
  ::setenv(kProfileVariable, path.c_str(), 1);
  // Opened once more: this one appends, whatever the others have written meanwhile.
  SetProfile(TRY(sys::Open(path, O_WRONLY | O_APPEND)).Release());
  SetSource(source);
  Mark("begin");
  return Profile(std::move(file));
}

std::string Profile::Render(std::string_view marks) {
  const std::vector<Moment> moments = Parse(marks);
  std::string text = "      ms      +ms  program  phase\n";
  for (size_t i = 0; i < moments.size(); ++i) {
    const auto since = [&](size_t other) { return static_cast<double>(moments[i].at - moments[other].at) / kNanosPerMilli; };
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "%8.2f %8.2f  %-8s ", since(0), since(i == 0 ? 0 : i - 1), moments[i].source.c_str());
    text += numbers + moments[i].phase + "\n";
  }
  return text;
}

Result<std::string> Profile::Text() const {
  Mark("end");
  if (::lseek(file_.get(), 0, SEEK_SET) < 0) return Error::Sys(errno, "seek in the profile");
  return Render(TRY(sys::ReadAll(file_.get(), "profile", kMostBytes)));
}

}  // namespace ctool
