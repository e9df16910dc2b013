// SPDX-License-Identifier: Apache-2.0
#include "build/run_text.hpp"

#include "base/text.hpp"
#include "build/words_internal.hpp"

namespace ctool::build {
namespace {

// The command line is one "<<EOF", or "<< EOF", and nothing else.
bool IsHeredocAlone(const Run& run) {
  if (run.heredocs.size() != 1) return false;
  const std::vector<std::string_view> words = ShellWords(run.command.words.front(), '\\');
  if (words.size() == 1) return true;
  return words.size() == 2 && (EndsWith(words.front(), "<<") || EndsWith(words.front(), "<<-"));
}

}  // namespace

RunText TextOfRun(const Run& run) {
  if (run.command.words.empty()) return {};
  if (IsHeredocAlone(run)) {
    const std::string& content = run.heredocs.front().content;
    return {content, StartsWith(content, "#!")};
  }
  RunText out{run.command.words.front(), false};
  if (run.heredocs.empty()) return out;
  out.text += "\n";
  for (const Heredoc& heredoc : run.heredocs) out.text += heredoc.content + heredoc.name + "\n";
  return out;
}

}  // namespace ctool::build
