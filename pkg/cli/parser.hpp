// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/command.hpp"

namespace ctool::cli {

using Args = std::span<const std::string_view>;

// Reads command line words with the rules of Go's pflag, which podman's users' fingers know:
// --name=v, --name v, -abc, -p8080:80, -e=K=V, --flag=false, "--" ends the options, a value is
// taken as it is whatever it begins with, the last of several values wins.
// One object sees the words in front of the command and those behind it, so that a list option
// given in both places keeps all its values.
class Parser {
 public:
  // `globals` are understood everywhere; an option of the command itself with the same name wins.
  explicit Parser(std::span<const Option> globals) : globals_(globals), seen_(globals.size()) {}

  struct Outcome {
    std::vector<std::string> positionals;
    bool help = false;     // --help, or -h where no option has that letter
    bool version = false;  // --version or -v where `version` was asked for
  };
  enum class Version { kNo, kYes };
  // Stores values into the sinks as it goes.
  // Errors: kInvalidArgument, in pflag's words ("unknown flag: --x").
  Result<Outcome> Parse(std::span<const Option> options, Args args, bool stop_at_first_positional,
                        Version version = Version::kNo);

 private:
  std::span<const Option> globals_;
  std::vector<bool> seen_;
};

// Whether `word` is an option that takes the next word as its value, as cobra decides it on its
// way to the command's name.
bool TakesNextWord(std::span<const Option> options, std::string_view word);

const Option* FindOption(std::span<const Option> options, std::string_view name);
const Option* FindOption(std::span<const Option> options, char short_name);

// Hands the positionals to the sinks of `command.args`. `called` is "ctool image ls".
// Errors: kInvalidArgument, in cobra's words ("accepts 1 arg(s), received 2").
Status StorePositionals(const Command& command, std::string_view called,
                        std::vector<std::string> words);

}  // namespace ctool::cli
