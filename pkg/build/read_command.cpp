// SPDX-License-Identifier: Apache-2.0
//
// CMD, ENTRYPOINT, SHELL, VOLUME, and the exec form that they share with RUN, COPY and HEALTHCHECK.
#include <algorithm>

#include "base/text.hpp"
#include "build/exec_form_internal.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"
#include "build/words_internal.hpp"

namespace ctool::build {
namespace {

// Both BuildKit and buildah read `CMD ["a"] # why` as ["a"] and say nothing.
void WarnOfRest(const Request& request, std::string_view text, size_t end) {
  const std::string_view rest = Trim(text.substr(end));
  if (!rest.empty()) request.Warn("TextAfterJSONArray", rest, "text after the JSON array is ignored");
}

Status CheckNoNul(const Request& request, std::string_view text, const std::vector<std::string>& words) {
  for (const std::string& word : words)
    if (word.find('\0') != std::string::npos) return request.Fail(text, "NUL byte in an argument");
  return Ok();
}

Result<Command> ReadFinalCommand(Request& request) {
  TRY(Flags::Check(request, {}));
  Command command = TRY(ReadCommand(request, request.arguments));
  if (command.shell)
    request.Warn("JSONArgsRecommended", request.keyword,
                 request.name + " in shell form: the shell, not the command, gets the signals");
  return command;
}

}  // namespace

Error NotStrings(const Request& request, std::string_view text) {
  return request.Fail(text, "when using JSON array syntax, arrays must be comprised of strings only",
                      "write " + request.name + " [\"word\", ...]");
}

Result<Command> ReadCommand(const Request& request, std::string_view text) {
  ExecForm form = ReadExecForm(text);
  if (form.kind == ExecForm::Kind::kNotStrings) return NotStrings(request, text);
  if (form.kind == ExecForm::Kind::kStrings) {
    TRY(CheckNoNul(request, text, form.words));
    WarnOfRest(request, text, form.end);
    return Command{false, std::move(form.words)};
  }
  if (text.empty()) return NeedsOne(request);
  return Command{true, {std::string(text)}};
}

Result<std::vector<std::string>> ReadList(const Request& request) {
  ExecForm form = ReadExecForm(request.arguments);
  if (form.kind == ExecForm::Kind::kNotStrings) return NotStrings(request, request.arguments);
  if (form.kind == ExecForm::Kind::kStrings) {
    TRY(CheckNoNul(request, request.arguments, form.words));
    WarnOfRest(request, request.arguments, form.end);
    return std::move(form.words);
  }
  const std::vector<std::string_view> words = BlankSeparated(request.arguments);
  return std::vector<std::string>(words.begin(), words.end());
}

Result<Body> ReadCmd(Request& request) { return Body(Cmd{TRY(ReadFinalCommand(request))}); }

Result<Body> ReadEntrypoint(Request& request) { return Body(Entrypoint{TRY(ReadFinalCommand(request))}); }

Result<Body> ReadShell(Request& request) {
  TRY(Flags::Check(request, {}));
  const std::string_view text = request.arguments;
  const ExecForm form = ReadExecForm(text);
  if (form.kind == ExecForm::Kind::kNotStrings) return NotStrings(request, text);
  if (form.kind == ExecForm::Kind::kNone)
    return request.Fail(text.empty() ? request.keyword : text, "SHELL requires the arguments to be in JSON form",
                        "write SHELL [\"/bin/sh\", \"-c\"]");
  if (form.words.empty()) return NeedsOne(request);
  TRY(CheckNoNul(request, text, form.words));
  WarnOfRest(request, text, form.end);
  return Body(Shell{form.words});
}

Result<Body> ReadVolume(Request& request) {
  TRY(Flags::Check(request, {}));
  std::vector<std::string> paths = TRY(ReadList(request));
  if (paths.empty()) return NeedsOne(request);
  for (const std::string& path : paths)
    if (Trim(path).empty())
      return request.Fail(request.arguments, "VOLUME specified can not be an empty string");
  return Body(Volume{std::move(paths)});
}

}  // namespace ctool::build
