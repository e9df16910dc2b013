// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kKeywords[] = {"block", "break", "continue", "define",   "else",
                                          "end",   "if",    "range",    "template", "with"};

bool IsBlank(char c) { return kBlanks.find(c) != kBlanks.npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Letters beyond ASCII may be in names as well.
bool IsNameChar(char c) {
  return c == '_' || IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c < 0;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Lexeme> Run() {
    bool going = true;
    while (going && at_ < text_.size()) going = Literal() && (!in_action_ || Action());
    if (going) Emit(Token::kEnd, at_, at_);
    return std::move(out_);
  }

 private:
  void Emit(Token token, size_t from, size_t to) {
    // Lexemes come in order, so the newlines are counted once.
    line_ += static_cast<size_t>(
        std::count(text_.begin() + static_cast<ptrdiff_t>(counted_),
                   text_.begin() + static_cast<ptrdiff_t>(from), '\n'));
    counted_ = from;
    out_.push_back(
        {.token = token, .pos = from, .line = line_, .text = text_.substr(from, to - from)});
  }

  bool Fail(std::string why) {
    const size_t here = std::min(std::max(at_, counted_), text_.size());
    Emit(Token::kError, here, here);
    out_.back().error = std::move(why);
    return false;
  }

  bool Starts(std::string_view what) const { return StartsWith(text_.substr(at_), what); }
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  // "{{- " and " -}}"
  bool LeftTrim() const { return Peek() == '-' && IsBlank(Peek(1)); }
  bool RightTrim() const { return IsBlank(Peek()) && StartsWith(text_.substr(at_ + 1), "-}}"); }
  bool AtRight() const { return Starts("}}") || RightTrim(); }

  // Text up to the next action. at_ is behind its "{{" then.
  bool Literal() {
    const size_t open = text_.find("{{", at_);
    size_t end = std::min(open, text_.size());
    const size_t start = at_;
    if (open == text_.npos) {
      at_ = text_.size();
    } else {
      at_ = open + 2;
      if (LeftTrim()) {
        while (end > start && IsBlank(text_[end - 1])) --end;
        ++at_;
      }
    }
    if (end > start) Emit(Token::kText, start, end);
    if (open == text_.npos) return true;
    size_t comment = at_;
    if (comment > open + 2)
      while (comment < text_.size() && IsBlank(text_[comment])) ++comment;
    if (!StartsWith(text_.substr(comment), "/*")) {
      Emit(Token::kLeft, open, open + 2);
      in_action_ = true;
      return true;
    }
    at_ = comment;
    return Comment();
  }

  bool Comment() {
    const size_t end = text_.find("*/", at_ + 2);
    if (end == text_.npos) return Fail("unclosed comment");
    at_ = end + 2;
    if (!AtRight()) return Fail("comment ends before closing delimiter");
    Close();
    in_action_ = false;
    return true;
  }

  // Moves behind "}}" or " -}}", and behind the blanks that the latter swallows.
  void Close() {
    const bool trim = !Starts("}}");
    at_ += trim ? 4 : 2;
    while (trim && at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }

  bool Action() {
    size_t depth = 0;
    for (;;) {
      const size_t start = at_;
      if (AtRight()) {
        if (depth > 0) return Fail("unclosed left paren");
        Close();
        Emit(Token::kRight, start, at_);
        in_action_ = false;
        return true;
      }
      if (at_ >= text_.size()) return Fail("unclosed action");
      const char c = text_[at_];
      if (c == '(') ++depth;
      if (c == ')' && depth > 0) --depth;
      if (!One(c, start)) return false;
    }
  }

  bool One(char c, size_t start) {
    if (IsBlank(c)) {
      while (IsBlank(Peek()) && !RightTrim()) ++at_;
      if (at_ > start) Emit(Token::kSpace, start, at_);
      return true;
    }
    if (c == '"' || c == '`' || c == '\'') return Quoted(c);
    if (c == '$' || (c == '.' && !IsDigit(Peek(1)))) return Name(c);
    if (c == '+' || c == '-' || c == '.' || IsDigit(c)) return Number();
    if (IsNameChar(c)) return Word();
    ++at_;
    switch (c) {
      case '=': Emit(Token::kAssign, start, at_); return true;
      case '|': Emit(Token::kPipe, start, at_); return true;
      case '(': Emit(Token::kOpen, start, at_); return true;
      case ')': Emit(Token::kClose, start, at_); return true;
      case ',': Emit(Token::kComma, start, at_); return true;
      case ':':
        if (Peek() != '=') return Fail("expected :=");
        Emit(Token::kDeclare, start, ++at_);
        return true;
      default: break;
    }
    if (c > 0x20 && c < 0x7F) {
      Emit(Token::kOther, start, at_);
      return true;
    }
    return Fail(fmt::format("unrecognized character in action: {}", CodePoint(start)));
  }

  // Go's %#U.
  std::string CodePoint(size_t at) const {
    const uint32_t rune = NextRune(text_, at);
    std::string text = fmt::format("U+{:04X}", rune);
    if (!IsPrint(rune)) return text;
    text += " '";
    AppendRune(text, rune);
    return text += "'";
  }

  bool Quoted(char quote) {
    const size_t start = at_;
    for (++at_;; ++at_) {
      const bool line_end = quote != '`' && Peek() == '\n';
      if (at_ >= text_.size() || line_end) {
        at_ = start;  // where the error is
        return Fail(quote == '"'   ? "unterminated quoted string"
                    : quote == '`' ? "unterminated raw quoted string"
                                   : "unterminated character constant");
      }
      if (text_[at_] == quote) break;
      if (quote != '`' && text_[at_] == '\\' && Peek(1) != '\n') ++at_;
    }
    ++at_;
    Emit(quote == '"'   ? Token::kString
         : quote == '`' ? Token::kRawString
                        : Token::kChar,
         start, at_);
    return true;
  }

  bool AtNameEnd() const {
    if (at_ >= text_.size()) return true;
    const char c = text_[at_];
    return IsBlank(c) || Starts("}}") ||
           std::string_view(".,|:()").find(c) != std::string_view::npos;
  }

  // .Name, $name, or the bare . and $
  bool Name(char first) {
    const size_t start = at_++;
    while (IsNameChar(Peek())) ++at_;
    if (!AtNameEnd()) return Fail(fmt::format("bad character {}", CodePoint(at_)));
    const bool bare = at_ == start + 1;
    Emit(first == '$' ? Token::kVariable : bare ? Token::kDot : Token::kField, start, at_);
    return true;
  }

  bool Word() {
    const size_t start = at_;
    while (IsNameChar(Peek())) ++at_;
    if (!AtNameEnd()) return Fail(fmt::format("bad character {}", CodePoint(at_)));
    const std::string_view word = text_.substr(start, at_ - start);
    const bool keyword = std::find(std::begin(kKeywords), std::end(kKeywords), word) !=
                         std::end(kKeywords);
    Emit(keyword                              ? Token::kKeyword
         : word == "true" || word == "false" ? Token::kBool
         : word == "nil"                      ? Token::kNil
                                              : Token::kIdentifier,
         start, at_);
    return true;
  }

  bool Number() {
    const size_t start = at_;
    if (Peek() == '+' || Peek() == '-') ++at_;
    std::string_view digits = "0123456789_";
    std::string_view exponent = "eE";
    if (Peek() == '0') {
      const char base = static_cast<char>(Peek(1) | 0x20);
      if (base == 'x') digits = "0123456789abcdefABCDEF_", exponent = "pP";
      if (base == 'o') digits = "01234567_";
      if (base == 'b') digits = "01_";
      if (base == 'x' || base == 'o' || base == 'b') at_ += 2;
    }
    const auto accept = [&](std::string_view set) {
      while (at_ < text_.size() && set.find(text_[at_]) != set.npos) ++at_;
    };
    accept(digits);
    if (Peek() == '.') ++at_, accept(digits);
    if (at_ < text_.size() && exponent.find(Peek()) != exponent.npos && digits.size() != 9) {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      accept("0123456789_");
    }
    if (IsNameChar(Peek())) {
      ++at_;
      return Fail(fmt::format("bad number syntax: {}", GoQuote(text_.substr(start, at_ - start))));
    }
    Emit(Token::kNumber, start, at_);
    return true;
  }

  std::string_view text_;
  std::vector<Lexeme> out_;
  size_t at_ = 0, line_ = 1, counted_ = 0;
  bool in_action_ = false;
};

}  // namespace

std::vector<Lexeme> Lex(std::string_view text) { return Lexer(text).Run(); }

}  // namespace ctool::cli
