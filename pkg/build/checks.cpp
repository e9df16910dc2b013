// SPDX-License-Identifier: Apache-2.0
#include "build/checks_internal.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "build/expand.hpp"
#include "build/scope.hpp"

namespace ctool::build {
namespace {

bool AllLower(std::string_view text) { return text == ToLower(text); }

bool AllUpper(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// Instructions are written in one case, that of most of them.
void CheckCasing(const std::vector<Keyword>& keywords, Source& source) {
  const auto count = [&](auto&& is) {
    return std::count_if(keywords.begin(), keywords.end(), [&](const Keyword& one) { return is(one.text); });
  };
  const bool lower = count(AllLower) > count(AllUpper);
  for (const Keyword& one : keywords) {
    if (lower ? AllLower(one.text) : AllUpper(one.text)) continue;
    source.Warn("ConsistentInstructionCasing", one.where,
                Quote(one.text) + " should be in " + (lower ? "lower" : "upper") + " case like most instructions here");
  }
}

void CheckStageNames(const Containerfile& file, Source& source) {
  std::set<std::string> seen;
  for (const Stage& stage : file.stages) {
    if (stage.name.empty() || seen.insert(stage.name).second) continue;
    source.Warn("DuplicateStageName", stage.where, "another stage has the name " + Quote(stage.name) + " too");
  }
}

// Of CMD, ENTRYPOINT and HEALTHCHECK only a stage's last one counts.
void CheckRepeated(const Stage& stage, Source& source) {
  for (const std::string_view name : {"CMD", "ENTRYPOINT", "HEALTHCHECK"}) {
    const Instruction* last = nullptr;
    for (const Instruction& instruction : stage.instructions) {
      if (instruction.name != name) continue;
      if (last != nullptr)
        source.Warn("MultipleInstructionsDisallowed", last->where,
                    "a later " + std::string(name) + " in this stage replaces this one");
      last = &instruction;
    }
  }
}

void CheckWorkdirs(const Stage& stage, Source& source) {
  for (const Instruction& instruction : stage.instructions) {
    const auto* workdir = std::get_if<Workdir>(&instruction.body);
    if (workdir == nullptr) continue;
    const std::string_view path = workdir->path;
    if (path.front() != '/' && path.front() != '$' && !StartsWith(path, "\"/") && !StartsWith(path, "\"$"))
      source.Warn("WorkdirRelativePath", instruction.where,
                  "relative WORKDIR " + Quote(path) + " depends on the base image");
    return;  // what follows is relative to a known one
  }
}

void CheckFromArguments(const Containerfile& file, Source& source) {
  std::set<std::string, std::less<>> declared(PlatformArguments().begin(), PlatformArguments().end());
  for (const Instruction& instruction : file.global_arguments)
    for (const Argument& argument : std::get<Arg>(instruction.body).arguments) declared.insert(argument.name);
  const auto lookup = [&](std::string_view name) -> std::optional<std::string> {
    return declared.count(name) != 0 ? std::optional<std::string>("x") : std::nullopt;
  };
  for (const Stage& stage : file.stages) {
    for (const std::string& text : {stage.image, stage.platform}) {
      const Result<Expansion> expansion = Expand(text, lookup, file.escape);
      if (!expansion.ok()) continue;  // told when the stage is evaluated
      for (const std::string& name : expansion->unset)
        source.Warn("UndefinedArgInFrom", stage.where,
                    "FROM uses " + Quote(name) + ", which no ARG before it declares");
    }
  }
}

}  // namespace

void CheckWhole(const Containerfile& file, const std::vector<Keyword>& keywords, Source& source) {
  CheckCasing(keywords, source);
  CheckStageNames(file, source);
  CheckFromArguments(file, source);
  for (const Stage& stage : file.stages) {
    CheckRepeated(stage, source);
    CheckWorkdirs(stage, source);
  }
}

}  // namespace ctool::build
