// SPDX-License-Identifier: Apache-2.0
//
// A profile that is recorded under another: the profile, and after a zero byte the bits of the calls that were made. What is
// written is a profile that this program takes, and that allows nothing which the first one refuses.
#include <sys/mman.h>

#include <algorithm>

#include "base/log.hpp"
#include "fuzz.hpp"
#include "seccomp/record.hpp"
#include "seccomp/seccomp.hpp"

using namespace ctool::seccomp;  // NOLINT: one small program

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ctool::SetLogLevel(ctool::LogLevel::kError);
  static const ctool::sys::Fd file(::memfd_create("seen", MFD_CLOEXEC));
  std::string_view bits = Text(data, size);
  const ctool::Result<Profile> profile = ParseProfile(Cut(bits, '\0'));
  if (!profile.ok()) {
    static_cast<void>(RecordPlan::Parse(Text(data, size)));
    return 0;
  }
  const ctool::Result<Recording> recording = CompileRecording(*profile, {"CAP_CHOWN"});
  if (!recording.ok()) return 0;
  const ctool::Result<RecordPlan> plan = RecordPlan::Parse(recording->plan);
  CHECK(plan.ok() && plan->Print() == recording->plan);
  CHECK(::ftruncate(file.get(), 0) == 0);
  SeenCalls seen = SeenCalls::Map(file.get()).value();
  for (size_t i = 0; i + 1 < bits.size(); i += 2)
    seen.Add(static_cast<unsigned char>(bits[i]) >> 6, (static_cast<unsigned>(bits[i]) & 3) << 8 | static_cast<unsigned char>(bits[i + 1]));
  const ctool::Result<std::string> text = RecordedProfile(*plan, seen);
  CHECK(text.ok());
  const ctool::Result<Profile> recorded = ParseProfile(*text);
  CHECK(recorded.ok());
  for (const Rule& rule : recorded->rules)
    for (const std::string& name : rule.names)
      CHECK(std::any_of(plan->calls.begin(), plan->calls.end(), [&](const RecordPlan::Call& call) { return call.name == name; }));
  return 0;
}
