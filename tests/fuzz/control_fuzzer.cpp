// SPDX-License-Identifier: Apache-2.0
//
// What the monitor and the commands tell each other in JSON: orders, records, states. What is accepted prints as
// something that is accepted again, and prints the same.
#include "fuzz.hpp"
#include "monitor/config.hpp"
#include "monitor/health.hpp"
#include "monitor/sandbox.hpp"
#include "monitor/session.hpp"

using namespace ctool::monitor;  // NOLINT: one small program

namespace {

template <class T>
void RoundTrip(std::string_view bytes) {
  const auto first = T::Parse(bytes);
  if (!first.ok()) return;
  const std::string printed = first->Print();
  const auto second = T::Parse(printed);
  CHECK(second.ok());
  CHECK(second->Print() == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = Text(data, size);
  RoundTrip<SessionOrder>(bytes);
  RoundTrip<SessionRecord>(bytes);
  RoundTrip<HealthState>(bytes);
  RoundTrip<Config>(bytes);
  RoundTrip<RunStatus>(bytes);
  RoundTrip<ExitRecord>(bytes);
  RoundTrip<Sandbox>(bytes);
  const auto order = SessionOrder::Parse(bytes);
  CHECK(!order.ok() || (order->id.find('/') == std::string::npos && order->id.find('.') == std::string::npos));
  return 0;
}
