// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"

namespace ctool::build {
namespace {

// The trigger as it will be read again, by the build that uses the image: with its heredocs' bodies.
std::string TriggerText(std::string_view text, const std::vector<Heredoc>& heredocs) {
  std::string trigger(text);
  // A body is empty or ends with its last line's end.
  for (const Heredoc& heredoc : heredocs) trigger += "\n" + heredoc.content + heredoc.name;
  return trigger;
}

}  // namespace

Result<Body> ReadOnBuild(Request& request) {
  TRY(Flags::Check(request, {}));
  const std::string_view text = request.arguments;
  if (text.empty()) return NeedsOne(request);
  Request inner = TRY(SplitInstruction(request.source, request.line, text));
  if (inner.name == "ONBUILD")
    return request.Fail(text, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (inner.name == "FROM" || inner.name == "MAINTAINER")
    return request.Fail(text, inner.name + " isn't allowed as an ONBUILD trigger");
  Instruction instruction = TRY(ReadInstruction(inner));
  const auto* copy = std::get_if<Copy>(&instruction.body);
  const auto* run = std::get_if<Run>(&instruction.body);
  const std::vector<Heredoc> none;
  const std::vector<Heredoc>& heredocs = copy != nullptr ? copy->heredocs : run != nullptr ? run->heredocs : none;
  OnBuild onbuild;
  onbuild.trigger = TriggerText(text, heredocs);
  onbuild.instruction = std::make_shared<const Instruction>(std::move(instruction));
  return Body(std::move(onbuild));
}

}  // namespace ctool::build
