// SPDX-License-Identifier: Apache-2.0
#include "cli/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/sink.hpp"

namespace ctool::cli {
namespace {

Error Usage(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

std::string FlagName(const Option& option) {
  return option.short_name != 0 ? fmt::format("-{}, --{}", option.short_name, option.name)
                                : fmt::format("--{}", option.name);
}

// One call of Parser::Parse.
class Pass {
 public:
  Pass(std::span<const Option> own, std::span<const Option> globals,
       std::vector<bool>& globals_seen, Args args)
      : own_(own),
        globals_(globals),
        own_seen_(own.size()),
        globals_seen_(globals_seen),
        args_(args) {}

  Result<Parser::Outcome> Run(bool stop_at_first_positional, bool version) {
    help_ = {.name = "help", .short_name = Find('h') == nullptr ? 'h' : '\0',
             .sink = &outcome_.help};
    if (version) version_ = {.name = "version", .short_name = 'v', .sink = &outcome_.version};
    while (next_ < args_.size()) {
      const std::string_view word = args_[next_++];
      if (word == "--") {
        TakeRest();
      } else if (StartsWith(word, "--")) {
        TRY(Long(word));
      } else if (word.size() > 1 && word[0] == '-') {
        TRY(Shorts(word.substr(1)));
      } else {
        outcome_.positionals.emplace_back(word);
        if (stop_at_first_positional) TakeRest();
      }
    }
    return std::move(outcome_);
  }

 private:
  template <class Name>
  const Option* Find(Name name) const {
    if (const Option* o = FindOption(own_, name)) return o;
    if (const Option* o = FindOption(globals_, name)) return o;
    if (const Option* o = FindOption({&help_, 1}, name)) return o;
    return FindOption({&version_, 1}, name);
  }

  void TakeRest() {
    for (; next_ < args_.size(); ++next_) outcome_.positionals.emplace_back(args_[next_]);
  }

  Status Set(const Option& option, std::string_view value) {
    bool first = true;
    const auto mark = [&](std::span<const Option> from, std::vector<bool>& seen) {
      if (&option < from.data() || &option >= from.data() + from.size()) return;
      const size_t at = static_cast<size_t>(&option - from.data());
      first = !seen[at];
      seen[at] = true;
    };
    mark(own_, own_seen_);
    mark(globals_, globals_seen_);
    Status stored = Store(option, value, first);
    if (stored.ok()) return Ok();
    return Usage(fmt::format("invalid argument {} for {} flag: {}", GoQuote(value),
                             GoQuote(FlagName(option)), stored.error().Message()));
  }

  Status Long(std::string_view word) {
    const std::string_view body = word.substr(2);
    if (body[0] == '-' || body[0] == '=') return Usage(fmt::format("bad flag syntax: {}", word));
    const size_t equals = body.find('=');
    const std::string_view name = body.substr(0, equals);
    const Option* option = Find(name);
    if (option == nullptr) return Usage(fmt::format("unknown flag: --{}", name));
    if (equals != body.npos) return Set(*option, body.substr(equals + 1));
    if (StandsAlone(*option)) return Set(*option, Implied(*option));
    if (next_ == args_.size()) return Usage(fmt::format("flag needs an argument: {}", word));
    return Set(*option, args_[next_++]);
  }

  // "abc" of "-abc".
  Status Shorts(std::string_view letters) {
    for (; !letters.empty(); letters.remove_prefix(1)) {
      const Option* option = Find(letters[0]);
      const auto quoted = [&] { return GoQuoteRune(static_cast<unsigned char>(letters[0])); };
      if (option == nullptr)
        return Usage(fmt::format("unknown shorthand flag: {} in -{}", quoted(), letters));
      if (letters.size() > 2 && letters[1] == '=') return Set(*option, letters.substr(2));
      if (StandsAlone(*option)) {
        TRY(Set(*option, Implied(*option)));
        continue;
      }
      if (letters.size() > 1) return Set(*option, letters.substr(1));
      if (next_ == args_.size())
        return Usage(fmt::format("flag needs an argument: {} in -{}", quoted(), letters));
      return Set(*option, args_[next_++]);
    }
    return Ok();
  }

  static std::string_view Implied(const Option& option) {
    return option.implied.empty() ? "true" : option.implied;
  }

  std::span<const Option> own_, globals_;
  std::vector<bool> own_seen_;
  std::vector<bool>& globals_seen_;
  Args args_;
  size_t next_ = 0;
  Option help_ = {}, version_ = {};
  Parser::Outcome outcome_;
};

// cobra's NoArgs, ExactArgs, MinimumNArgs, MaximumNArgs and RangeArgs, told from the numbers.
Status CheckCount(std::string_view called, size_t min, size_t max, size_t got) {
  if (got >= min && got <= max) return Ok();
  if (max == 0) return Usage(fmt::format("`{}` takes no arguments", called));
  if (min == max) return Usage(fmt::format("accepts {} arg(s), received {}", min, got));
  if (max == kUnlimited)
    return Usage(fmt::format("requires at least {} arg(s), only received {}", min, got));
  if (min == 0) return Usage(fmt::format("accepts at most {} arg(s), received {}", max, got));
  return Usage(fmt::format("accepts between {} and {} arg(s), received {}", min, max, got));
}

void StoreWords(const Sink& sink, std::span<std::string> words) {
  std::visit(
      [&](const auto& target) {
        using S = std::decay_t<decltype(target)>;
        if constexpr (std::is_same_v<S, std::vector<std::string>*>) {
          if (!words.empty()) target->assign(words.begin(), words.end());
        } else if constexpr (std::is_same_v<S, std::string*> ||
                             std::is_same_v<S, std::optional<std::string>*>) {
          if (!words.empty()) *target = std::move(words[0]);
        } else {
          CHECK((std::is_same_v<S, std::monostate>));
        }
      },
      sink);
}

}  // namespace

const Option* FindOption(std::span<const Option> options, std::string_view name) {
  for (const Option& o : options) {
    if (o.name == name && !name.empty()) return &o;
    for (const std::string_view alias : o.aliases)
      if (alias == name) return &o;
  }
  return nullptr;
}

const Option* FindOption(std::span<const Option> options, char short_name) {
  for (const Option& o : options)
    if (o.short_name == short_name && short_name != 0) return &o;
  return nullptr;
}

bool TakesNextWord(std::span<const Option> options, std::string_view word) {
  if (word.find('=') != word.npos) return false;
  const Option* option = nullptr;
  if (StartsWith(word, "--")) {
    if (word == "--help" || word == "--version") return false;
    option = FindOption(options, word.substr(2));
  } else if (word.size() == 2 && word[0] == '-') {
    if (word == "-h" || word == "-v") return false;
    option = FindOption(options, word[1]);
  } else {
    return false;
  }
  return option == nullptr || !StandsAlone(*option);
}

Result<Parser::Outcome> Parser::Parse(std::span<const Option> options, Args args,
                                      bool stop_at_first_positional, Version version) {
  return Pass(options, globals_, seen_, args)
      .Run(stop_at_first_positional, version == Version::kYes);
}

Status StorePositionals(const Command& command, std::string_view called,
                        std::vector<std::string> words) {
  size_t min = 0, max = 0;
  for (const Positional& p : command.args) {
    min += p.min;
    max = p.max == kUnlimited || max == kUnlimited ? kUnlimited : max + p.max;
  }
  TRY(CheckCount(called, min, max, words.size()));
  std::span<std::string> left(words);
  for (const Positional& p : command.args) {
    min -= p.min;
    const size_t take = std::min(p.max, left.size() - min);
    StoreWords(p.sink, left.first(take));
    left = left.subspan(take);
  }
  return Ok();
}

}  // namespace ctool::cli
