// SPDX-License-Identifier: Apache-2.0
//
// A Containerfile and all that is evaluated from it without a file system: whatever it is, it ends
// in bounded time with a result or with one error that says where.
#include "build/expand.hpp"
#include "build/glob.hpp"
#include "build/ignore.hpp"
#include "build/limits.hpp"
#include "build/mount.hpp"
#include "build/parser.hpp"
#include "build/run_text.hpp"
#include "build/scope.hpp"
#include "fuzz.hpp"

namespace {

using namespace ctool::build;  // NOLINT: the whole program is about it

void CheckPlace(Location where, std::string_view text) {
  CHECK(where.line >= 0 && where.column >= 0);
  CHECK(static_cast<size_t>(where.line) <= text.size() + 1);
}

template <class T>
void CheckError(const ctool::Result<T>& result) {
  if (!result.ok()) CHECK(!result.error().Message().empty());
}

// Expands one text in every way, as the stage would.
void CheckText(const std::string& text, const StageScope& scope, char escape) {
  const Lookup lookup = [&](std::string_view name) { return scope.Find(name); };
  const auto plain = Expand(text, lookup, escape);
  CheckError(plain);
  if (plain.ok()) CHECK(plain->text.size() <= 2 * kMaxExpandedBytes);
  const auto words = ExpandWords(text, lookup, escape);
  CHECK(words.ok() == plain.ok() || text.size() > kMaxExpandedBytes / 8);
  CheckError(ExpandContent(text, lookup, escape));
  CheckError(Glob::Compile(text, DoubleStar::kPlain));
}

void CheckRun(const Run& run, const StageScope& scope, char escape) {
  CHECK(!run.command.words.empty());
  if (run.command.shell) CHECK(run.command.words.size() == 1 && !TextOfRun(run).text.empty() + run.heredocs.size() > 0);
  const TextExpander expand = [&](std::string_view text) -> ctool::Result<std::string> {
    return TRY(Expand(text, [&](std::string_view name) { return scope.Find(name); }, escape)).text;
  };
  for (const RunMount& mount : run.mounts) {
    CHECK(ParseMount(mount.text).ok());
    CheckError(ParseMount(mount.text, expand));
  }
}

void CheckInstruction(const Instruction& one, StageScope& scope, char escape) {
  CHECK(!one.text.empty() && one.last_line >= one.where.line);
  if (const auto* arg = std::get_if<Arg>(&one.body)) CheckError(scope.Declare(*arg, escape));
  if (const auto* env = std::get_if<Env>(&one.body)) CheckError(scope.Set(*env, escape));
  if (const auto* run = std::get_if<Run>(&one.body)) CheckRun(*run, scope, escape);
  if (const auto* copy = std::get_if<Copy>(&one.body)) {
    CHECK(!copy->sources.empty());
    for (const CopySource& source : copy->sources) {
      if (source.heredoc) CHECK(*source.heredoc < copy->heredocs.size());
      CheckText(source.text, scope, escape);
    }
  }
  if (const auto* onbuild = std::get_if<OnBuild>(&one.body)) {
    CHECK(onbuild->instruction != nullptr && onbuild->instruction->name != "ONBUILD");
    CheckError(ParseTrigger("image", onbuild->trigger));
  }
}

void CheckFile(std::string_view text) {
  Diagnostic diagnostic;
  const auto file = ParseContainerfile("F", text, &diagnostic);
  if (!file.ok()) {
    CHECK(file.error().text() == diagnostic.Headline());
    CheckPlace(diagnostic.where, text);
    for (const std::string& line : diagnostic.Excerpt()) CHECK(line.find('\n') == std::string::npos);
    return;
  }
  CHECK(!file->stages.empty());
  for (const Warning& warning : file->warnings) CheckPlace(warning.where, text);
  const ctool::spec::Platform platform{"linux", "amd64", ""};
  GlobalScope global({{"given", "x"}}, platform, platform);
  for (const Instruction& one : file->global_arguments)
    CheckError(global.Declare(std::get<Arg>(one.body), file->escape));
  for (const Stage& stage : file->stages) {
    StageScope scope(global, {"PATH=/bin"});
    CheckText(stage.image, scope, file->escape);
    for (const Instruction& one : stage.instructions) CheckInstruction(one, scope, file->escape);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = Text(data, size);
  CheckFile(text);
  CheckError(ParseTrigger("image", text));
  const auto ignore = IgnoreList::Parse("I", text);
  CheckError(ignore);
  if (ignore.ok() && size < 4096) {
    ignore->Ignores("a/b/c.txt");
    ignore->MayWantBelow("a/b");
  }
  return 0;
}
