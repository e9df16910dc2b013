// SPDX-License-Identifier: Apache-2.0
//
// --env-merge: words as a Dockerfile's ENV has them, with variables of the environment that is there so far.
#include "base/text.hpp"
#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

std::string ValueOf(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env)
    if (entry.size() > name.size() && entry[name.size()] == '=' && StartsWith(entry, name)) return entry.substr(name.size() + 1);
  return "";
}

bool IsNameChar(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// One word: quotes, backslashes, $NAME, ${NAME}, ${NAME:-word}, ${NAME:+word}.
class Word {
 public:
  Word(std::string_view text, const std::vector<std::string>& env) : text_(text), env_(env) {}

  Result<std::string> Expand() { return Until('\0'); }

 private:
  Error Invalid(const char* why) const {
    return Error(Code::kInvalidArgument, "unable to process variables for --env-merge " + Printable(text_) + ": " + why);
  }

  // Up to `end`, which is taken too; '\0' is the end of the text.
  Result<std::string> Until(char end) {
    std::string out;
    while (at_ < text_.size() && text_[at_] != end) {
      const char c = text_[at_++];
      if (c == '$') out += TRY(Variable());
      else if (c == '\'') out += TRY(Quoted());
      else if (c == '"') out += TRY(DoubleQuoted());
      else if (c == '\\' && at_ < text_.size()) out += text_[at_++];
      else out += c;
    }
    if (end == '\0') return out;
    if (at_ == text_.size()) return Invalid("a closing brace is missing");
    ++at_;
    return out;
  }

  Result<std::string> Quoted() {
    const size_t end = text_.find('\'', at_);
    if (end == text_.npos) return Invalid("unexpected end of statement while looking for matching single-quote");
    const std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }

  Result<std::string> DoubleQuoted() {
    std::string out;
    for (;;) {
      if (at_ == text_.size()) return Invalid("unexpected end of statement while looking for matching double-quote");
      const char c = text_[at_++];
      if (c == '"') return out;
      const char next = at_ < text_.size() ? text_[at_] : '\0';
      if (c == '$') out += TRY(Variable());
      else if (c == '\\' && (next == '"' || next == '$' || next == '\\')) out += text_[at_++];
      else out += c;
    }
  }

  std::string Name() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameChar(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // Behind the dollar sign.
  Result<std::string> Variable() {
    if (at_ == text_.size() || text_[at_] != '{') {
      const std::string name = Name();
      return name.empty() ? "$" : ValueOf(env_, name);
    }
    ++at_;
    const std::string name = Name();
    if (name.empty() || at_ == text_.size()) return Invalid("there is no name in ${...}");
    const std::string value = ValueOf(env_, name);
    if (text_[at_] == '}') {
      ++at_;
      return value;
    }
    const std::string_view how = text_.substr(at_, 2);
    if (how != ":-" && how != ":+") return Invalid("only ${name}, ${name:-word} and ${name:+word} are known");
    at_ += 2;
    const std::string word = TRY(Until('}'));
    if (how == ":-") return value.empty() ? word : value;
    return value.empty() ? std::string() : word;
  }

  std::string_view text_;
  const std::vector<std::string>& env_;
  size_t at_ = 0;
};

}  // namespace

Status MergeEnv(std::vector<std::string>& env, const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    const std::string expanded = TRY(Word(entry, env).Expand());
    const size_t equals = expanded.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = expanded.substr(0, equals);
    for (std::string& old : env)
      if (old.substr(0, old.find('=')) == name) old = expanded;
  }
  return Ok();
}

}  // namespace ctool::engine
