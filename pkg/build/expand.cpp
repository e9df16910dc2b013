// SPDX-License-Identifier: Apache-2.0
#include "build/expand.hpp"

#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/limits.hpp"
#include "build/pattern.hpp"

namespace ctool::build {
namespace {

// What is being read: decides what quotes and escapes mean.
enum class Mode {
  kText,     // quotes and escapes are taken out
  kPattern,  // quotes are taken out; escapes stay, they belong to the pattern
  kContent,  // a heredoc: quotes are text
};

Error Bad(std::string message) { return Error(Code::kInvalidArgument, std::move(message)); }

// The result while it grows: one text, or words.
class Output {
 public:
  explicit Output(bool split) : split_(split) {}
  void Plain(std::string_view text) {  // not split, and makes a word even when empty
    text_ += text;
    open_ = true;
  }
  void Value(std::string_view text) {
    for (const char c : text) Bare(c);
  }
  void Bare(char c) {
    if (split_ && Blank(c)) {
      End();
      return;
    }
    text_ += c;
    open_ = true;
  }
  void End() {
    if (open_) words_.push_back(std::move(text_));
    text_.clear();
    open_ = false;
  }
  size_t size() const { return text_.size(); }
  std::string text() && { return std::move(text_); }
  std::vector<std::string> words() && {
    End();
    return std::move(words_);
  }

 private:
  const bool split_;
  bool open_ = false;
  std::string text_;
  std::vector<std::string> words_;
};

// $@, $* and so on: names of one character, never set here.
bool SpecialName(char c) { return std::string_view("@*#?-$!").find(c) != std::string_view::npos; }

class Expander {
 public:
  Expander(std::string_view text, const Lookup& lookup, char escape)
      : text_(text), lookup_(lookup), escape_(escape) {}

  // Up to the end, or to one of `stops` that stands bare (left for the caller); false at the end.
  Result<bool> Read(Output& out, Mode mode, std::string_view stops) {
    if (++depth_ > kMaxExpansionDepth)
      return Bad("variables nested deeper than " + std::to_string(kMaxExpansionDepth));
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (stops.find(c) != std::string_view::npos) {
        --depth_;
        return true;
      }
      TRY(ReadOne(out, mode, stops));
      if (out.size() > kMaxExpandedBytes) return TooLong();
    }
    --depth_;
    return false;
  }

  std::set<std::string> used, unset;

 private:
  static Error TooLong() {
    return Bad("the result is longer than " + std::to_string(kMaxExpandedBytes >> 20) + " MiB");
  }

  Status ReadOne(Output& out, Mode mode, std::string_view stops) {
    const char c = text_[at_];
    if (c == '$') return ReadDollar(out, mode == Mode::kContent);
    if (c == escape_) return ReadEscape(out, mode, stops);
    if (c == '\'' && mode != Mode::kContent) return ReadSingleQuotes(out);
    if (c == '"' && mode != Mode::kContent) return ReadDoubleQuotes(out, mode);
    out.Bare(c);
    ++at_;
    return Ok();
  }

  Status ReadEscape(Output& out, Mode mode, std::string_view stops) {
    ++at_;
    if (at_ == text_.size()) {
      if (mode != Mode::kText) out.Plain({&escape_, 1});
      return Ok();
    }
    const char next = text_[at_];
    const bool kept = mode == Mode::kPattern ? !(next == '}' && stops.find('}') != std::string_view::npos)
                                             : mode == Mode::kContent && next != '$' && next != escape_;
    if (mode == Mode::kContent && kept) {
      out.Plain({&escape_, 1});  // what follows is read as usual
      return Ok();
    }
    if (kept) out.Plain({&escape_, 1});
    out.Plain(text_.substr(at_++, 1));
    return Ok();
  }

  Status ReadSingleQuotes(Output& out) {
    const size_t end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos)
      return Bad("unexpected end of statement while looking for matching single-quote");
    out.Plain(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return Ok();
  }

  Status ReadDoubleQuotes(Output& out, Mode mode) {
    ++at_;
    out.Plain("");
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return Ok();
      }
      if (c == '$') {
        TRY(ReadDollar(out, true));
      } else if (c == escape_ && at_ + 1 < text_.size()) {
        const char next = text_[at_ + 1];
        const bool taken = next == '"' || next == '$' || next == escape_;
        if (!taken || mode == Mode::kPattern) out.Plain({&escape_, 1});
        out.Plain(text_.substr(at_ + 1, 1));
        at_ += 2;
      } else {
        out.Plain(text_.substr(at_++, 1));
      }
      if (out.size() > kMaxExpandedBytes) return TooLong();
    }
    return Bad("unexpected end of statement while looking for matching double-quote");
  }

  std::string_view ReadName() {
    const size_t begin = at_;
    if (at_ < text_.size() && SpecialName(text_[at_])) return text_.substr(at_++, 1);
    // One that begins with a digit is a number: $12x is $12 and an x.
    const bool number = at_ < text_.size() && Digit(text_[at_]);
    while (at_ < text_.size() && (number ? Digit(text_[at_]) : NameCharacter(text_[at_]))) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::optional<std::string> Find(std::string_view name) {
    if (muted_) return std::nullopt;
    std::optional<std::string> value = lookup_(name);
    (value ? used : unset).insert(std::string(name));
    return value;
  }

  Status ReadDollar(Output& out, bool quoted) {
    ++at_;
    std::optional<std::string> value;
    if (at_ < text_.size() && text_[at_] == '{') {
      ++at_;
      value = TRY(ReadBraces());
    } else {
      const std::string_view name = ReadName();
      value = name.empty() ? "$" : Find(name).value_or("");
    }
    if (quoted) out.Plain(*value);
    else out.Value(*value);
    return Ok();
  }

  // Behind "${", up to and with its "}".
  Result<std::string> ReadBraces() {
    const std::string name(ReadName());
    if (at_ == text_.size()) return Bad("syntax error: missing '}' behind ${" + Printable(name));
    if (name.empty()) return Bad("syntax error: no variable name behind ${");
    const char modifier = text_[at_++];
    if (modifier == '}') return Find(name).value_or("");
    const bool colon = modifier == ':';
    if (colon && at_ == text_.size()) return Bad("syntax error: missing modifier behind ${" + name + ":");
    const char kind = colon ? text_[at_++] : modifier;
    if (kind == '-' || kind == '+' || kind == '?') return ReadDefault(name, kind, colon);
    if (!colon && (kind == '#' || kind == '%')) return ReadRemove(name, kind);
    if (!colon && kind == '/') return ReadReplace(name);
    return Bad("unsupported modifier (" + Printable(colon ? std::string(":") + kind : std::string(1, kind)) +
               ") in substitution of ${" + name + "}");
  }

  Result<std::string> ReadWord(Mode mode, std::string_view stops) {
    Output word(false);
    if (!TRY(Read(word, mode, stops)))
      return Bad("syntax error: missing '" + std::string(stops.substr(0, 1)) + "' in ${...}");
    ++at_;
    return std::move(word).text();
  }

  Result<std::string> ReadDefault(const std::string& name, char kind, bool colon) {
    std::optional<std::string> value = Find(name);
    const bool missing = !value || (colon && value->empty());
    const bool outer = muted_;
    muted_ = outer || (kind == '+') == missing;
    std::string word = TRY(ReadWord(Mode::kText, "}"));
    muted_ = outer;
    if (kind == '-') return missing ? std::move(word) : std::move(*value);
    if (kind == '+') return missing ? std::string() : std::move(word);
    if (!missing) return std::move(*value);
    if (muted_) return std::string();
    if (word.empty()) word = value ? "not allowed to be empty" : "not allowed to be unset";
    return Bad(name + ": " + word);
  }

  Result<std::string> ReadRemove(const std::string& name, char kind) {
    const bool twice = at_ < text_.size() && text_[at_] == kind;
    if (twice) ++at_;
    const std::string pattern = TRY(ReadWord(Mode::kPattern, "}"));
    const std::string value = Find(name).value_or("");
    const Reach reach = twice ? Reach::kLongest : Reach::kShortest;
    return kind == '#' ? RemovePrefix(value, pattern, reach) : RemoveSuffix(value, pattern, reach);
  }

  Result<std::string> ReadReplace(const std::string& name) {
    const bool all = at_ < text_.size() && text_[at_] == '/';
    if (all) ++at_;
    const std::string pattern = TRY(ReadWord(Mode::kPattern, "/}"));
    if (text_[at_ - 1] != '/') return Bad("syntax error: missing '/' in ${" + name + "/...}");
    const std::string replacement = TRY(ReadWord(Mode::kPattern, "}"));
    const std::optional<std::string> value = Find(name);
    if (!value) return std::string();
    return ReplacePattern(*value, pattern, replacement, all ? Replace::kAll : Replace::kFirst);
  }

  const std::string_view text_;
  const Lookup& lookup_;
  const char escape_;
  size_t at_ = 0;
  int depth_ = 0;
  bool muted_ = false;  // in a word that does not count: it is read, but nothing is looked up
};

Result<Expansion> ExpandText(std::string_view text, const Lookup& lookup, char escape, Mode mode) {
  Expander expander(text, lookup, escape);
  Output out(false);
  TRY(expander.Read(out, mode, ""));
  return Expansion{std::move(out).text(), std::move(expander.used), std::move(expander.unset)};
}

}  // namespace

Result<Expansion> Expand(std::string_view text, const Lookup& lookup, char escape) {
  return ExpandText(text, lookup, escape, Mode::kText);
}

Result<Expansion> ExpandContent(std::string_view text, const Lookup& lookup, char escape) {
  return ExpandText(text, lookup, escape, Mode::kContent);
}

Result<WordsExpansion> ExpandWords(std::string_view text, const Lookup& lookup, char escape) {
  Expander expander(text, lookup, escape);
  Output out(true);
  TRY(expander.Read(out, Mode::kText, ""));
  return WordsExpansion{std::move(out).words(), std::move(expander.used), std::move(expander.unset)};
}

}  // namespace ctool::build
