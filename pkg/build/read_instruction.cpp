// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "base/text.hpp"
#include "build/instruction_internal.hpp"

namespace ctool::build {
namespace {

struct Known {
  std::string_view name;
  Result<Body> (*read)(Request&);
};

constexpr std::array kInstructions = {
    Known{"ADD", ReadCopy},           Known{"ARG", ReadArg},
    Known{"CMD", ReadCmd},            Known{"COPY", ReadCopy},
    Known{"ENTRYPOINT", ReadEntrypoint}, Known{"ENV", ReadEnv},
    Known{"EXPOSE", ReadExpose},      Known{"HEALTHCHECK", ReadHealthcheck},
    Known{"LABEL", ReadLabel},        Known{"MAINTAINER", ReadMaintainer},
    Known{"ONBUILD", ReadOnBuild},    Known{"RUN", ReadRun},
    Known{"SHELL", ReadShell},        Known{"STOPSIGNAL", ReadStopSignal},
    Known{"USER", ReadUser},          Known{"VOLUME", ReadVolume},
    Known{"WORKDIR", ReadWorkdir}};

Error Unknown(const Request& request) {
  std::string message = "unknown instruction: " + Printable(request.keyword);
  const std::string_view near = Nearest(request.keyword, InstructionNames());
  if (!near.empty()) message += " (did you mean " + std::string(near) + "?)";
  std::vector<std::string> names(InstructionNames().begin(), InstructionNames().end());
  return request.Fail(request.keyword, message, "instructions are " + Join(names, ", "));
}

}  // namespace

const std::vector<std::string_view>& InstructionNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all = {"FROM"};
    for (const Known& known : kInstructions) all.push_back(known.name);
    return all;
  }();
  return names;
}

Result<Instruction> ReadInstruction(Request& request) {
  for (const Known& known : kInstructions) {
    if (known.name != request.name) continue;
    if (request.name == "RUN" || request.name == "COPY" || request.name == "ADD") TRY(ReadHeredocs(request));
    Body body = TRY(known.read(request));
    Instruction instruction;
    instruction.name = request.name;
    instruction.text = Trim(std::string_view(request.line.text()).substr(request.OffsetOf(request.keyword)));
    instruction.where = request.Where(request.keyword);
    instruction.last_line = request.source.last_line();
    instruction.body = std::move(body);
    return instruction;
  }
  return Unknown(request);
}

Error NeedsOne(const Request& request) {
  return request.Fail(request.keyword, request.name + " requires at least one argument");
}

Error NeedsExactlyOne(const Request& request) {
  return request.Fail(request.keyword, request.name + " requires exactly one argument");
}

}  // namespace ctool::build
