// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/completion.hpp"

namespace ctool::cli {
namespace {

// @PROGRAM@ is the program's name, @FUNCTION@ the same as a shell word.

// bash splits words at COMP_WORDBREAKS (":" and "=" among them), so the line is split again as the
// shell does it, and what stands in front of the last such character is taken off each candidate.
constexpr std::string_view kBash = R"sh(# bash completion for @PROGRAM@, made by `@PROGRAM@ completion bash`

# The words of $1, without their quotes, into `words`; `quote` is what the last one is in.
_@FUNCTION@_split() {
  local text=$1 word='' begun='' c i
  words=() quote=''
  for ((i = 0; i < ${#text}; i++)); do
    c=${text:i:1}
    if [[ $c == "$quote" ]]; then
      quote=''
    elif [[ $quote == "'" ]]; then
      word+=$c
    elif [[ $c == \\ ]]; then
      ((++i))
      word+=${text:i:1} begun=1
    elif [[ $quote ]]; then
      word+=$c
    elif [[ $c == [\'\"] ]]; then
      quote=$c begun=1
    elif [[ $c == [[:space:]] ]]; then
      [[ ! $begun ]] || words+=("$word")
      word='' begun=''
    else
      word+=$c begun=1
    fi
  done
  words+=("$word")
}

_@FUNCTION@() {
  local cur front quote directive item
  local -a words out
  COMPREPLY=()
  _@FUNCTION@_split "${COMP_LINE:0:COMP_POINT}"
  ((${#words[@]} > 1)) || return 0
  cur=${words[-1]}
  mapfile -t out < <("${words[0]/#\~\//$HOME/}" __complete $((${#words[@]} - 2)) "${words[@]:1}" 2>/dev/null)
  ((${#out[@]})) || return 0
  directive=${out[-1]}
  unset 'out[-1]'
  item=${COMP_WORDBREAKS//[^:=@]/}
  front=
  [[ $quote || ! $item ]] || front=${cur%"${cur##*["$item"]}"}
  for item in "${out[@]}"; do
    item=${item%%$'\t'*}
    COMPREPLY+=("${item#"$front"}")
  done
  cur=${cur#"$front"}
  if [[ $directive == *files* || $directive == *dirs* ]]; then
    local kind=-f
    [[ $directive == *files* ]] || kind=-d
    if declare -F _filedir >/dev/null; then
      _filedir ${kind#-f}
    else
      compopt -o filenames 2>/dev/null
      while IFS= read -r item; do COMPREPLY+=("$item"); done < <(compgen $kind -- "$cur" 2>/dev/null)
    fi
  fi
  [[ $directive != *nospace* ]] || compopt -o nospace 2>/dev/null
  return 0
}

complete -F _@FUNCTION@ @PROGRAM@
)sh";

// A candidate that goes on gets no blank behind it; those of the files that _files finds are its own.
constexpr std::string_view kZsh = R"sh(#compdef @PROGRAM@
# zsh completion for @PROGRAM@, made by `@PROGRAM@ completion zsh`

_@FUNCTION@() {
  local -a out names shown opens opens_shown
  local directive line name about
  out=("${(@f)$(${~words[1]} __complete $((CURRENT - 2)) "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  directive=${out[-1]}
  for line in "${(@)out[1,-2]}"; do
    name=${line%%$'\t'*}
    about=${line#*$'\t'}
    if [[ $name == *[=:/] ]]; then
      opens+=("$name")
      opens_shown+=("$name${about:+  -- $about}")
    else
      names+=("$name")
      shown+=("$name${about:+  -- $about}")
    fi
  done
  local found=1
  (( $#names )) && compadd -l -d shown -a names && found=0
  (( $#opens )) && compadd -l -S '' -d opens_shown -a opens && found=0
  if [[ $directive == *(files|dirs)* ]]; then
    [[ $directive == *=* ]] && compset -p ${${directive#*=}%% *}
    if [[ $directive == *files* ]]; then
      _files && found=0
    else
      _files -/ && found=0
    fi
  fi
  return found
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
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l out ($program __complete (math (count $words) - 2) $words[2..-1] 2>/dev/null)
    set -q out[1]; or return
    set -l directive $out[-1]
    set -e out[-1]
    set -q out[1]; and string join \n -- $out
    set -l front 0
    if set -l found (string match -r '=([0-9]+)' -- $directive)
        set front $found[2]
    end
    set -l typed (string sub -l $front -- $current)
    set -l path (string sub -s (math $front + 1) -- $current)
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
