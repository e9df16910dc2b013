// SPDX-License-Identifier: Apache-2.0
// What stands between {{ and }}: pipelines of commands of operands.
#include <fmt/format.h>

#include <algorithm>

#include "cli/gotext.hpp"
#include "cli/template_parser_internal.hpp"

namespace ctool::cli {
namespace {

using Kind = Node::Kind;

bool StartsOperand(Token token) {
  switch (token) {
    case Token::kBool:
    case Token::kChar:
    case Token::kDot:
    case Token::kField:
    case Token::kIdentifier:
    case Token::kNumber:
    case Token::kNil:
    case Token::kRawString:
    case Token::kString:
    case Token::kVariable:
    case Token::kOpen: return true;
    default: return false;
  }
}

}  // namespace

Result<NodePtr> TemplateParser::Pipeline(std::string_view context, Token end) {
  if (++level_ > kMostLevels) return Fail("nested too deeply");
  NodePtr pipe = NewNode(Kind::kPipe, PeekWord().pos);
  TRY(Declarations(*pipe, context));
  for (;;) {
    const Lexeme& l = PeekWord();
    if (l.token == end) {
      Next();
      TRY(CheckPipeline(*pipe, context));
      --level_;
      return pipe;
    }
    if (!StartsOperand(l.token)) {
      Next();
      return Unexpected(l, context);
    }
    pipe->children.push_back(TRY(Command()));
  }
}

// "$x :=", "$x =", "$i, $x :="
Status TemplateParser::Declarations(Node& pipe, std::string_view context) {
  while (PeekWord().token == Token::kVariable) {
    const size_t start = at_;
    const std::string name(Next().text);
    const Lexeme& l = PeekWord();
    if (l.token != Token::kAssign && l.token != Token::kDeclare && l.token != Token::kComma) {
      at_ = start;
      return Ok();
    }
    Next();
    pipe.names.push_back(name);
    variables_.push_back(name);
    if (l.token != Token::kComma) {
      pipe.assign = l.token == Token::kAssign;
      return Ok();
    }
    if (context != "range" || pipe.names.size() > 1)
      return Fail(fmt::format("too many declarations in {}", context));
    const Token next = PeekWord().token;
    if (next != Token::kVariable && next != Token::kRight && next != Token::kClose)
      return Fail("range can only initialize variables");
  }
  return Ok();
}

Status TemplateParser::CheckPipeline(const Node& pipe, std::string_view context) {
  if (pipe.children.empty()) return Fail(fmt::format("missing value for {}", context));
  for (size_t i = 1; i < pipe.children.size(); ++i) {
    const Kind first = pipe.children[i]->children[0]->kind;
    if (first == Kind::kLiteral || first == Kind::kDot || first == Kind::kNil)
      return Fail(fmt::format("non executable command in pipeline stage {}", i + 1));
  }
  return Ok();
}

// Operands with blanks between, up to a '|' (taken), ')' or '}}' (left).
Result<NodePtr> TemplateParser::Command() {
  NodePtr command = NewNode(Kind::kCommand, PeekWord().pos);
  for (;;) {
    PeekWord();
    if (NodePtr operand = TRY(Operand())) command->children.push_back(std::move(operand));
    const Lexeme& l = Peek();
    if (l.token == Token::kRight || l.token == Token::kClose) break;
    Next();
    if (l.token == Token::kSpace) continue;
    if (l.token == Token::kPipe) break;
    return Unexpected(l, "operand");
  }
  if (command->children.empty()) return Fail("empty command");
  return command;
}

// A term with the fields behind it: "$x.A", "(f .B).C".
Result<NodePtr> TemplateParser::Operand() {
  NodePtr node = TRY(Term());
  if (node == nullptr || Peek().token != Token::kField) return node;
  const size_t pos = Peek().pos;
  std::vector<std::string> names;
  while (Peek().token == Token::kField) names.emplace_back(Next().text.substr(1));
  switch (node->kind) {
    case Kind::kField:
    case Kind::kVariable:
      node->pos = pos;
      node->names.insert(node->names.end(), names.begin(), names.end());
      return node;
    case Kind::kLiteral:
    case Kind::kNil:
    case Kind::kDot:
      return Fail(fmt::format("unexpected . after term {}", GoQuote(Source(*node))));
    default: break;
  }
  NodePtr chain = NewNode(Kind::kChain, pos);
  chain->names = std::move(names);
  chain->children.push_back(std::move(node));
  return chain;
}

Result<NodePtr> TemplateParser::Term() {
  const Lexeme& l = PeekWord();
  if (!StartsOperand(l.token)) return NodePtr();
  Next();
  switch (l.token) {
    case Token::kOpen: return Pipeline("parenthesized pipeline", Token::kClose);
    case Token::kDot: return NewNode(Kind::kDot, l.pos);
    case Token::kNil: return NewNode(Kind::kNil, l.pos);
    case Token::kIdentifier:
      if (FindFunction(l.text) == nullptr)
        return Fail(fmt::format("function {} not defined", GoQuote(l.text)));
      return NewNode(Kind::kFunction, l.pos, l.text);
    case Token::kField: {
      NodePtr node = NewNode(Kind::kField, l.pos);
      node->names.emplace_back(l.text.substr(1));
      return node;
    }
    case Token::kVariable: {
      if (std::find(variables_.begin(), variables_.end(), l.text) == variables_.end())
        return Fail(fmt::format("undefined variable {}", GoQuote(l.text)));
      NodePtr node = NewNode(Kind::kVariable, l.pos);
      node->names.emplace_back(l.text);
      return node;
    }
    default: return Literal(l);
  }
}

Result<NodePtr> TemplateParser::Literal(const Lexeme& l) {
  NodePtr node = NewNode(Kind::kLiteral, l.pos, l.text);
  Result<Value> value = LiteralValue(l);
  if (!value.ok()) return Fail(value.error().text());
  node->value = std::move(*value);
  return node;
}

}  // namespace ctool::cli
