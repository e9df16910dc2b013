// SPDX-License-Identifier: Apache-2.0
//
// Each instruction's own grammar; inside of this module.
#pragma once

#include "build/ast.hpp"
#include "build/request_internal.hpp"

namespace ctool::build {

// Any instruction but FROM, which makes a stage. Unknown ones are an error.
Result<Instruction> ReadInstruction(Request& request);
// The names that there are, for suggestions.
const std::vector<std::string_view>& InstructionNames();

Result<Stage> ReadFrom(const Request& request);

Result<Body> ReadArg(Request& request);
Result<Body> ReadCmd(Request& request);
Result<Body> ReadCopy(Request& request);  // and ADD
Result<Body> ReadEntrypoint(Request& request);
Result<Body> ReadEnv(Request& request);
Result<Body> ReadExpose(Request& request);
Result<Body> ReadHealthcheck(Request& request);
Result<Body> ReadLabel(Request& request);
Result<Body> ReadMaintainer(Request& request);
Result<Body> ReadOnBuild(Request& request);
Result<Body> ReadRun(Request& request);
Result<Body> ReadShell(Request& request);
Result<Body> ReadStopSignal(Request& request);
Result<Body> ReadUser(Request& request);
Result<Body> ReadVolume(Request& request);
Result<Body> ReadWorkdir(Request& request);

// What several of them share.
Error NeedsOne(const Request& request);          // "X requires at least one argument"
Error NeedsExactlyOne(const Request& request);
// Exec or shell form of `text`, a part of the request's line.
Result<Command> ReadCommand(const Request& request, std::string_view text);
// The words of a JSON array, or those between blanks.
Result<std::vector<std::string>> ReadList(const Request& request);
// An array of something else than strings is an error in every instruction.
Error NotStrings(const Request& request, std::string_view text);

}  // namespace ctool::build
