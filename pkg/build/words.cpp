// SPDX-License-Identifier: Apache-2.0
#include "build/words_internal.hpp"

#include "build/characters_internal.hpp"

namespace ctool::build {
namespace {

// Follows quotes and escapes over a text, one byte at a time.
class Quoting {
 public:
  explicit Quoting(char escape) : escape_(escape) {}
  // Takes the next byte; true when it stands bare: neither quoted nor escaped, nor a quote itself.
  bool Bare(char c) {
    if (escaped_) {
      escaped_ = false;
      return false;
    }
    if (c == escape_ && quote_ != '\'') {
      escaped_ = true;
      return false;
    }
    if (quote_ != 0) {
      if (c == quote_) quote_ = 0;
      return false;
    }
    if (c != '"' && c != '\'') return true;
    quote_ = c;
    return false;
  }

  bool closed() const { return quote_ == 0 && !escaped_; }

 private:
  const char escape_;
  char quote_ = 0;
  bool escaped_ = false;
};

}  // namespace

std::vector<std::string_view> BlankSeparated(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size();) {
    if (Blank(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && !Blank(text[end])) ++end;
    words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

std::vector<std::string_view> ShellWords(std::string_view text, char escape) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size();) {
    if (Blank(text[i])) {
      ++i;
      continue;
    }
    Quoting quoting(escape);
    size_t end = i;
    while (end < text.size() && !(quoting.Bare(text[end]) && Blank(text[end]))) ++end;
    words.push_back(text.substr(i, end - i));
    i = end;
  }
  return words;
}

size_t FindEquals(std::string_view word, char escape) {
  Quoting quoting(escape);
  for (size_t i = 0; i < word.size(); ++i)
    if (quoting.Bare(word[i]) && word[i] == '=') return i;
  return std::string_view::npos;
}

bool QuotesClose(std::string_view text, char escape) {
  Quoting quoting(escape);
  for (const char c : text) quoting.Bare(c);
  return quoting.closed();
}

}  // namespace ctool::build
