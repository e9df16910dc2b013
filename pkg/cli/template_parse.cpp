// SPDX-License-Identifier: Apache-2.0
// Text and statements: what the actions of a template are, and how they nest.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/template_parser_internal.hpp"

namespace ctool::cli {
namespace {

using Kind = Node::Kind;

std::string Show(const Lexeme& l) {
  if (l.token == Token::kError) return l.error;
  if (l.token == Token::kEnd) return "EOF";
  if (l.token == Token::kKeyword || l.token == Token::kDot || l.token == Token::kNil)
    return fmt::format("<{}>", l.text);
  if (l.text.size() > 10) return GoQuote(l.text.substr(0, 10)) + "...";
  return GoQuote(l.text);
}

bool IsKeyword(const Lexeme& l, std::string_view word) {
  return l.token == Token::kKeyword && l.text == word;
}

bool IsBlank(const Node& list) {
  return std::all_of(list.children.begin(), list.children.end(), [](const NodePtr& n) {
    return n->kind == Kind::kText && Trim(n->text).empty();
  });
}

}  // namespace

NodePtr NewNode(Kind kind, size_t pos, std::string_view text) {
  auto node = std::make_unique<Node>(Node{.kind = kind, .pos = pos});
  node->text = text;
  return node;
}

TemplateParser::TemplateParser(std::string_view name, std::string_view text) : set_(std::make_shared<TemplateSet>()) {
  set_->name = name;
  set_->text = text;
  lexemes_ = Lex(set_->text);
}

Result<std::shared_ptr<const TemplateSet>> TemplateParser::Run() {
  NodePtr body = NewNode(Kind::kList, 0);
  while (Peek().token != Token::kEnd) {
    if (Peek().token == Token::kLeft && IsKeyword(PeekBehindLeft(), "define")) {
      TRY(Define());
      continue;
    }
    NodePtr node = TRY(Statement());
    if (stop_ != Stop::kNone) return Fail("unexpected {{" + std::string(StopWord()) + "}}");
    body->children.push_back(std::move(node));
  }
  // An all-blank text must not hide a {{define}} of the same name, as in Go.
  auto& own = set_->bodies[set_->name];
  if (own == nullptr || !IsBlank(*body)) own = std::move(body);
  return std::shared_ptr<const TemplateSet>(set_);
}

Error TemplateParser::Fail(std::string_view why) const {
  const size_t line = last_ != nullptr ? last_->line : 1;
  return Error(Code::kInvalidArgument, fmt::format("template: {}:{}: {}", set_->name, line, why));
}

Error TemplateParser::Unexpected(const Lexeme& l, std::string_view context) const {
  if (l.token != Token::kError) return Fail(fmt::format("unexpected {} in {}", Show(l), context));
  std::string extra;
  if (action_line_ != 0 && action_line_ != l.line) {
    extra = fmt::format(" in action started at {}:{}", set_->name, action_line_);
    if (EndsWith(l.error, " action")) extra.erase(0, std::string_view(" in action").size());
  }
  return Fail(l.error + extra);
}

Status TemplateParser::Expect(Token token, std::string_view context) {
  const Lexeme& l = NextWord();
  if (l.token != token) return Unexpected(l, context);
  return Ok();
}

Result<NodePtr> TemplateParser::Statement() {
  stop_ = Stop::kNone;
  const Lexeme& l = Next();
  if (l.token == Token::kText) return NewNode(Kind::kText, l.pos, l.text);
  if (l.token != Token::kLeft) return Unexpected(l, "input");
  action_line_ = l.line;
  NodePtr node = TRY(Action());
  action_line_ = 0;
  return node;
}

Result<NodePtr> TemplateParser::Action() {
  const Lexeme& l = PeekWord();
  if (l.token == Token::kKeyword && l.text != "define") {
    Next();
    if (l.text == "if") return Control(Kind::kIf, l);
    if (l.text == "range") return Control(Kind::kRange, l);
    if (l.text == "with") return Control(Kind::kWith, l);
    if (l.text == "template") return Call();
    if (l.text == "block") return Block();
    if (l.text == "end") return End();
    if (l.text == "else") return Else();
    return Jump(l);
  }
  NodePtr action = NewNode(Kind::kAction, l.pos);
  action->pipe = TRY(Pipeline("command", Token::kRight));
  return action;
}

Result<NodePtr> TemplateParser::End() {
  TRY(Expect(Token::kRight, "end"));
  stop_ = Stop::kEnd;
  return NodePtr();
}

// "{{else if" leaves its "if" to be read by Control.
Result<NodePtr> TemplateParser::Else() {
  const Lexeme& l = PeekWord();
  if (!IsKeyword(l, "if") && !IsKeyword(l, "with")) TRY(Expect(Token::kRight, "else"));
  stop_ = Stop::kElse;
  return NodePtr();
}

Result<NodePtr> TemplateParser::Jump(const Lexeme& keyword) {
  const std::string shown = fmt::format("{{{{{}}}}}", keyword.text);
  const Lexeme& l = NextWord();
  if (l.token != Token::kRight) return Unexpected(l, shown);
  if (range_depth_ == 0) return Fail(shown + " outside {{range}}");
  return NewNode(keyword.text == "break" ? Kind::kBreak : Kind::kContinue, keyword.pos);
}

Result<NodePtr> TemplateParser::Control(Kind kind, const Lexeme& keyword) {
  if (++level_ > kMostLevels) return Fail("nested too deeply");
  const size_t variables = variables_.size();
  NodePtr node = NewNode(kind, keyword.pos);
  node->pipe = TRY(Pipeline(keyword.text, Token::kRight));
  if (kind == Kind::kRange) ++range_depth_;
  node->list = TRY(List());
  if (kind == Kind::kRange) --range_depth_;
  if (stop_ == Stop::kElse) node->otherwise = TRY(Otherwise(kind));
  variables_.resize(variables);
  --level_;
  stop_ = Stop::kNone;
  return node;
}

Result<NodePtr> TemplateParser::Otherwise(Kind kind) {
  const Lexeme& l = PeekWord();
  const bool same = (kind == Kind::kIf && IsKeyword(l, "if")) ||
                    (kind == Kind::kWith && IsKeyword(l, "with"));
  if (same) {  // one {{end}} closes both
    Next();
    NodePtr list = NewNode(Kind::kList, l.pos);
    list->children.push_back(TRY(Control(kind, l)));
    return list;
  }
  if (l.token == Token::kKeyword || l.token == Token::kDot || l.token == Token::kNil)
    return Unexpected(l, "else");
  NodePtr list = TRY(List());
  if (stop_ == Stop::kElse) return Fail("expected end; found {{else}}");
  return list;
}

Result<NodePtr> TemplateParser::List() {
  NodePtr list = NewNode(Kind::kList, PeekWord().pos);
  while (PeekWord().token != Token::kEnd) {
    NodePtr node = TRY(Statement());
    if (stop_ != Stop::kNone) return list;
    list->children.push_back(std::move(node));
  }
  return Fail("unexpected EOF");
}

Result<std::string> TemplateParser::Name(std::string_view context) {
  const Lexeme& l = NextWord();
  if (l.token != Token::kRawString && l.token != Token::kString) return Unexpected(l, context);
  return TRY(Literal(l))->value.as_string();
}

Result<NodePtr> TemplateParser::Call() {
  NodePtr node = NewNode(Kind::kTemplate, PeekWord().pos);
  node->text = TRY(Name("template clause"));
  if (PeekWord().token == Token::kRight)
    Next();
  else
    node->pipe = TRY(Pipeline("template clause", Token::kRight));
  return node;
}

Result<NodePtr> TemplateParser::Block() {
  NodePtr node = NewNode(Kind::kTemplate, PeekWord().pos);
  node->text = TRY(Name("block clause"));
  node->pipe = TRY(Pipeline("block clause", Token::kRight));
  TRY(Body(node->text, "block clause"));
  return node;
}

Status TemplateParser::Define() {
  Next();      // {{
  NextWord();  // define
  const std::string name = TRY(Name("define clause"));
  TRY(Expect(Token::kRight, "define clause"));
  return Body(name, "define clause");
}

// A template of its own: it sees no variable of what is around it.
Status TemplateParser::Body(const std::string& name, std::string_view context) {
  if (++level_ > kMostLevels) return Fail("nested too deeply");
  std::vector<std::string> outer = {"$"};
  std::swap(outer, variables_);
  const int depth = std::exchange(range_depth_, 0);
  NodePtr list = TRY(List());
  if (stop_ == Stop::kElse) return Fail(fmt::format("unexpected {{{{else}}}} in {}", context));
  stop_ = Stop::kNone;
  variables_ = std::move(outer);
  range_depth_ = depth;
  --level_;
  auto& body = set_->bodies[name];
  if (body == nullptr || !IsBlank(*list)) body = std::move(list);
  return Ok();
}

Result<std::shared_ptr<const TemplateSet>> ParseTemplate(std::string_view name,
                                                         std::string_view text) {
  return TemplateParser(name, text).Run();
}

}  // namespace ctool::cli
