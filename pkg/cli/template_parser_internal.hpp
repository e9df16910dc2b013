// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {

NodePtr NewNode(Node::Kind kind, size_t pos, std::string_view text = {});

// Lexemes to a tree, by recursive descent; its errors are Go's, with template and line.
class TemplateParser {
 public:
  TemplateParser(std::string_view name, std::string_view text);
  Result<std::shared_ptr<const TemplateSet>> Run();

 private:
  enum class Stop { kNone, kEnd, kElse };
  static constexpr int kMostLevels = 500;  // of nesting; the tree is walked and freed by recursion

  // ---- words
  const Lexeme& Next() {
    const Lexeme& l = lexemes_[at_];
    if (at_ + 1 < lexemes_.size()) ++at_;
    last_ = &l;
    return l;
  }
  const Lexeme& NextWord() {
    SkipSpace();
    return Next();
  }
  const Lexeme& Peek() { return *(last_ = &lexemes_[at_]); }
  const Lexeme& PeekWord() {
    SkipSpace();
    return Peek();
  }
  void SkipSpace() {
    while (lexemes_[at_].token == Token::kSpace) ++at_;
  }
  const Lexeme& PeekBehindLeft() const {
    size_t i = at_ + 1;
    while (i + 1 < lexemes_.size() && lexemes_[i].token == Token::kSpace) ++i;
    return lexemes_[std::min(i, lexemes_.size() - 1)];
  }
  std::string_view StopWord() const { return stop_ == Stop::kEnd ? "end" : "else"; }

  Error Fail(std::string_view why) const;
  Error Unexpected(const Lexeme& l, std::string_view context) const;
  Status Expect(Token token, std::string_view context);

  // ---- statements (template_parse.cpp)
  // Sets stop_ instead of making a node when it meets {{end}} or {{else}}.
  Result<NodePtr> Statement();
  Result<NodePtr> Action();
  Result<NodePtr> End();
  Result<NodePtr> Else();
  Result<NodePtr> Jump(const Lexeme& keyword);
  Result<NodePtr> Control(Node::Kind kind, const Lexeme& keyword);
  Result<NodePtr> Otherwise(Node::Kind kind);
  // Statements up to {{end}} or {{else}}, which stop_ tells.
  Result<NodePtr> List();
  Result<std::string> Name(std::string_view context);
  Result<NodePtr> Call();
  Result<NodePtr> Block();
  Status Define();
  Status Body(const std::string& name, std::string_view context);

  // ---- expressions (template_expression.cpp)
  Result<NodePtr> Pipeline(std::string_view context, Token end);
  Status Declarations(Node& pipe, std::string_view context);
  Status CheckPipeline(const Node& pipe, std::string_view context);
  Result<NodePtr> Command();
  Result<NodePtr> Operand();
  Result<NodePtr> Term();  // null where none begins
  Result<NodePtr> Literal(const Lexeme& l);

  std::shared_ptr<TemplateSet> set_;
  std::vector<Lexeme> lexemes_;
  size_t at_ = 0;
  const Lexeme* last_ = nullptr;
  size_t action_line_ = 0;
  Stop stop_ = Stop::kNone;
  std::vector<std::string> variables_ = {"$"};
  int range_depth_ = 0;
  int level_ = 0;
};

}  // namespace ctool::cli
