// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge_internal.hpp"

#include "base/text.hpp"

namespace ctool::registry {
namespace {

constexpr size_t kMaxChallenges = 16, kMaxParameters = 64, kMaxHeaderLength = 16 << 10;

Error Malformed(std::string_view why) {
  return Error(Code::kCorrupt, "malformed challenge: " + std::string(why));
}

bool IsTokenChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Unquoted values are tokens by the book; some servers leave the quotes off URLs.
bool IsValueChar(char c) { return c > ' ' && c < 0x7f && c != ',' && c != '"'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Status Run(std::vector<Challenge>& out) {
    const size_t before = out.size();
    while (SkipSeparators()) {
      const std::string word = ToLower(Word());
      if (word.empty()) return Malformed("unexpected character");
      SkipBlanks();
      // "name = value" goes on with the last challenge, anything else begins a new one.
      if (out.size() > before && Peek() == '=') {
        TRY(Parameter(word, out.back()));
        continue;
      }
      if (out.size() == kMaxChallenges) return Malformed("too many challenges");
      out.push_back({word, {}});
      SkipToken68();
    }
    return Ok();
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t') ++at_;
  }
  bool SkipSeparators() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == ',') ++at_;
    return at_ < text_.size();
  }
  std::string_view Word() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsTokenChar(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // "NTLM abc==": a blob instead of parameters. It is skipped: no scheme of ours has one.
  void SkipToken68() {
    const size_t begin = at_;
    while (IsTokenChar(Peek()) || Peek() == '/') ++at_;
    while (Peek() == '=') ++at_;
    SkipBlanks();
    const bool whole = at_ == text_.size() || Peek() == ',';
    if (!whole) at_ = begin;
  }

  Status Parameter(const std::string& name, Challenge& challenge) {
    ++at_;  // '='
    SkipBlanks();
    std::string value;
    if (Peek() == '"')
      value = TRY(Quoted());
    else
      while (IsValueChar(Peek())) value += text_[at_++];
    if (challenge.parameters.size() == kMaxParameters) return Malformed("too many parameters");
    if (!challenge.parameters.emplace(name, std::move(value)).second)
      return Malformed("parameter " + Quote(name) + " appears twice");
    return Ok();
  }

  Result<std::string> Quoted() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c == '\\' && at_ + 1 < text_.size()) c = text_[++at_];
      out += c;
    }
    return Malformed("unfinished quote");
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Challenge>> ParseChallenges(const std::vector<std::string_view>& headers) {
  std::vector<Challenge> out;
  for (const std::string_view header : headers) {
    if (header.size() > kMaxHeaderLength) return Malformed("too long");
    for (const char c : header)
      if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f)
        return Malformed("control character");
    TRY(Parser(header).Run(out));
  }
  return out;
}

}  // namespace ctool::registry
