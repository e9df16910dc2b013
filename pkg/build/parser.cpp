// SPDX-License-Identifier: Apache-2.0
#include "build/parser.hpp"

#include "base/text.hpp"
#include "build/checks_internal.hpp"
#include "build/instruction_internal.hpp"
#include "build/limits.hpp"
#include "build/source_internal.hpp"

namespace ctool::build {
namespace {

class Parser {
 public:
  explicit Parser(Source& source) : source_(source) {}

  Result<Containerfile> Parse() {
    TRY(source_.Open());
    out_.escape = source_.directives().escape;
    out_.syntax = source_.directives().syntax;
    out_.warnings_are_errors = source_.directives().warnings_are_errors;
    while (const std::optional<Line> line = TRY(source_.Next())) TRY(Take(*line));
    if (count_ == 0) return source_.Fail({}, "file with no instructions", "begin it with FROM IMAGE");
    if (out_.stages.empty()) return source_.Fail({}, "no build stage", "add FROM IMAGE behind the ARGs");
    CheckWhole(out_, keywords_, source_);
    out_.warnings = source_.TakeWarnings();
    return std::move(out_);
  }

 private:
  Status Take(const Line& line) {
    if (++count_ > kMaxInstructions)
      return source_.Fail(line.At(0), "more than " + std::to_string(kMaxInstructions) + " instructions");
    Request request = TRY(SplitInstruction(source_, line, line.text()));
    keywords_.push_back({std::string(request.keyword), request.Where(request.keyword)});
    if (request.name == "FROM") return TakeStage(request);
    Instruction instruction = TRY(ReadInstruction(request));
    if (!out_.stages.empty()) {
      out_.stages.back().instructions.push_back(std::move(instruction));
    } else if (request.name == "ARG") {
      out_.global_arguments.push_back(std::move(instruction));
    } else {
      return request.Fail(request.keyword, "no build stage in current context",
                          "only ARG may stand before the first FROM");
    }
    return Ok();
  }

  Status TakeStage(const Request& request) {
    if (out_.stages.size() == kMaxStages)
      return request.Fail(request.keyword, "more than " + std::to_string(kMaxStages) + " stages");
    out_.stages.push_back(TRY(ReadFrom(request)));
    return Ok();
  }

  Source& source_;
  Containerfile out_;
  std::vector<Keyword> keywords_;
  size_t count_ = 0;
};

// One instruction, and nothing behind it.
Result<Instruction> ReadOnly(Source& source) {
  TRY(source.Open());
  const std::optional<Line> line = TRY(source.Next());
  if (!line) return source.Fail({}, "empty ONBUILD trigger");
  Request request = TRY(SplitInstruction(source, *line, line->text()));
  if (request.name == "ONBUILD" || request.name == "FROM" || request.name == "MAINTAINER")
    return request.Fail(request.keyword, request.name + " isn't allowed as an ONBUILD trigger");
  Instruction instruction = TRY(ReadInstruction(request));
  const std::optional<Line> more = TRY(source.Next());
  if (more) return source.Fail(more->At(0), "more than one instruction in an ONBUILD trigger");
  return instruction;
}

template <class T>
Result<T> WithDiagnostic(Result<T> result, const Source& source, Diagnostic* diagnostic) {
  if (!result.ok() && diagnostic != nullptr) *diagnostic = source.diagnostic();
  return result;
}

}  // namespace

Result<Containerfile> ParseContainerfile(std::string_view file, std::string_view text,
                                         Diagnostic* diagnostic) {
  Source source(file, text);
  Result<Containerfile> parsed = Parser(source).Parse();
  if (parsed.ok()) parsed->file = file;
  return WithDiagnostic(std::move(parsed), source, diagnostic);
}

Result<Instruction> ParseTrigger(std::string_view image, std::string_view text, Diagnostic* diagnostic) {
  Source source("ONBUILD of " + std::string(image), text);
  return WithDiagnostic(ReadOnly(source), source, diagnostic);
}

}  // namespace ctool::build
