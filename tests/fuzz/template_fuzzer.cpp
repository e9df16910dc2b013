// SPDX-License-Identifier: Apache-2.0
//
// --format: the first line is the template, the rest the JSON that it works on.
#include "cli/json.hpp"
#include "cli/template.hpp"
#include "fuzz.hpp"

using namespace ctool::cli;  // NOLINT: one small program

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = Text(data, size);
  const std::string_view text = Cut(rest, '\n');
  const ctool::Result<Template> parsed = Template::Parse("fuzz", text);
  const ctool::Result<Value> value = FromJson(rest);
  if (value.ok()) {
    const std::string json = ToJson(*value);
    const ctool::Result<Value> again = FromJson(json);
    CHECK(again.ok() && ToJson(*again) == json);
    ToJson(*value, 4);
  }
  if (parsed.ok()) static_cast<void>(parsed->Execute(value.ok() ? *value : Value(rest)).ok());
  return 0;
}
