// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/completion.hpp"

namespace ctool::cli {
namespace {

// @PROGRAM@ is the program's name, @FUNCTION@ the same as a shell word.

// bash splits words at COMP_WORDBREAKS (":" and "=" among them), so the line is split again at
// blanks, and what stands in front of the last such character is taken off each candidate.
constexpr std::string_view kBash = R"sh(# bash completion for @PROGRAM@, made by `@PROGRAM@ completion bash`

_@FUNCTION@() {
  local line=${COMP_LINE:0:COMP_POINT} cur front directive item
  local -a words out
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  cur=${words[-1]}
  mapfile -t out < <("${words[0]}" __complete $((${#words[@]} - 2)) "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  ((${#out[@]})) || return
  directive=${out[-1]}
  unset 'out[-1]'
  front=${cur%"${cur##*["${COMP_WORDBREAKS//[^:=]/}"]}"}
  [[ $COMP_WORDBREAKS == *[:=]* ]] || front=
  for item in "${out[@]}"; do
    item=${item%%$'\t'*}
    COMPREPLY+=("${item#"$front"}")
  done
  cur=${cur#"$front"}
  if [[ $directive == *files* ]]; then
    compopt -o filenames
    while IFS= read -r item; do COMPREPLY+=("$item"); done < <(compgen -f -- "$cur")
  elif [[ $directive == *dirs* ]]; then
    compopt -o filenames
    while IFS= read -r item; do COMPREPLY+=("$item"); done < <(compgen -d -- "$cur")
  fi
  [[ $directive == *nospace* ]] && compopt -o nospace
  return 0
}

complete -F _@FUNCTION@ @PROGRAM@
)sh";

constexpr std::string_view kZsh = R"sh(#compdef @PROGRAM@
# zsh completion for @PROGRAM@, made by `@PROGRAM@ completion zsh`

_@FUNCTION@() {
  local -a out names shown space
  local directive line
  out=("${(@f)$(${words[1]} __complete $((CURRENT - 2)) "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  directive=${out[-1]}
  for line in "${(@)out[1,-2]}"; do
    names+=("${line%%$'\t'*}")
    shown+=("${line%%$'\t'*}${${line#*$'\t'}:+  -- ${line#*$'\t'}}")
  done
  [[ $directive == *nospace* ]] && space=(-S '')
  (( $#names )) && compadd -l "${space[@]}" -d shown -a names
  if [[ $directive == *files* ]]; then
    compset -P '--*='
    _files
  elif [[ $directive == *dirs* ]]; then
    compset -P '--*='
    _files -/
  fi
}

if [ "$funcstack[1]" = "_@FUNCTION@" ]; then
  _@FUNCTION@ "$@"
else
  compdef _@FUNCTION@ @PROGRAM@
fi
)sh";

constexpr std::string_view kFish = R"sh(# fish completion for @PROGRAM@, made by `@PROGRAM@ completion fish`

function __@FUNCTION@_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l current $words[-1]
    set -l out ($words[1] __complete (math (count $words) - 2) $words[2..-1] 2>/dev/null)
    set -q out[1]; or return
    set -l directive $out[-1]
    set -e out[-1]
    set -q out[1]; and string join \n -- $out
    set -l typed (string match -r -- '^--[^=]*=' $current)
    set -l path (string replace -r -- '^--[^=]*=' '' $current)
    if string match -q -- '*files*' $directive
        for name in (__fish_complete_path $path)
            echo -- "$typed$name"
        end
    else if string match -q -- '*dirs*' $directive
        for name in (__fish_complete_directories $path '')
            echo -- "$typed$name"
        end
    end
end

complete -c @PROGRAM@ -e
complete -c @PROGRAM@ -f -a '(__@FUNCTION@_complete)'
)sh";

void ReplaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

}  // namespace

std::string CompletionScript(std::string_view shell, std::string_view program) {
  std::string script;
  if (shell == "bash") script = kBash;
  if (shell == "zsh") script = kZsh;
  if (shell == "fish") script = kFish;
  std::string function(program);
  std::replace_if(function.begin(), function.end(),
                  [](char c) { return !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'); }, '_');
  ReplaceAll(script, "@PROGRAM@", program);
  ReplaceAll(script, "@FUNCTION@", function);
  return script;
}

}  // namespace ctool::cli
