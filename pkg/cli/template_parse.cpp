// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {
namespace {

using Kind = Node::Kind;

constexpr int kMostLevels = 500;  // of nesting; the tree is walked and freed by recursion

NodePtr New(Kind kind, size_t pos, std::string_view text = {}) {
  auto node = std::make_unique<Node>(Node{.kind = kind, .pos = pos});
  node->text = text;
  return node;
}

// The number behind \x, \u, \U or \: `digits` digits of `base`.
std::optional<uint32_t> EscapedNumber(std::string_view digits, uint32_t base) {
  uint32_t value = 0;
  for (const char c : digits) {
    const char lower = static_cast<char>(c | 0x20);
    const bool letter = lower >= 'a' && lower <= 'f';
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    const uint32_t digit = static_cast<uint32_t>(letter ? lower - 'a' + 10 : c - '0');
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

// The value of a "..." or '...' literal of Go, with its quotes; nothing when an escape is wrong.
std::optional<std::string> Unquote(std::string_view text) {
  const char quote = text[0];
  text = text.substr(1, text.size() - 2);
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      out += text[i++];
      continue;
    }
    if (++i >= text.size()) return std::nullopt;
    const char c = text[i++];
    constexpr std::string_view kLetters = "abfnrtv\\", kBytes = "\a\b\f\n\r\t\v\\";
    if (const size_t at = kLetters.find(c); at != kLetters.npos) {
      out += kBytes[at];
      continue;
    }
    if (c == quote) {
      out += c;
      continue;
    }
    const bool octal = c >= '0' && c <= '7';
    const size_t n = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (octal) --i;
    if (n == 0 || i + n > text.size()) return std::nullopt;
    const auto value = EscapedNumber(text.substr(i, n), octal ? 8 : 16);
    const bool byte = n <= 3;
    if (!value || *value > (byte ? 255u : 0x10FFFFu)) return std::nullopt;
    i += n;
    if (byte)
      out += static_cast<char>(*value);
    else
      AppendRune(out, *value);
  }
  return out;
}

std::string Show(const Lexeme& l) {
  if (l.token == Token::kError) return l.error;
  if (l.token == Token::kEnd) return "EOF";
  if (l.token == Token::kKeyword || l.token == Token::kDot || l.token == Token::kNil)
    return fmt::format("<{}>", l.text);
  if (l.text.size() > 10) return GoQuote(l.text.substr(0, 10)) + "...";
  return GoQuote(l.text);
}

class Parser {
 public:
  Parser(std::string_view name, std::string_view text) : set_(std::make_shared<TemplateSet>()) {
    set_->name = name;
    set_->text = text;
    lexemes_ = Lex(set_->text);
  }

  Result<std::shared_ptr<const TemplateSet>> Run() {
    NodePtr body = New(Kind::kList, 0);
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

 private:
  enum class Stop { kNone, kEnd, kElse };

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
  static bool IsKeyword(const Lexeme& l, std::string_view word) {
    return l.token == Token::kKeyword && l.text == word;
  }

  Error Fail(std::string_view why) const {
    const size_t line = last_ != nullptr ? last_->line : 1;
    return Error(Code::kInvalidArgument, fmt::format("template: {}:{}: {}", set_->name, line, why));
  }
  Error Unexpected(const Lexeme& l, std::string_view context) const {
    if (l.token != Token::kError) return Fail(fmt::format("unexpected {} in {}", Show(l), context));
    std::string extra;
    if (action_line_ != 0 && action_line_ != l.line) {
      extra = fmt::format(" in action started at {}:{}", set_->name, action_line_);
      if (EndsWith(l.error, " action")) extra.erase(0, std::string_view(" in action").size());
    }
    return Fail(l.error + extra);
  }
  Status Expect(Token token, std::string_view context) {
    const Lexeme& l = NextWord();
    if (l.token != token) return Unexpected(l, context);
    return Ok();
  }

  std::string_view StopWord() const { return stop_ == Stop::kEnd ? "end" : "else"; }

  static bool IsBlank(const Node& list) {
    return std::all_of(list.children.begin(), list.children.end(), [](const NodePtr& n) {
      return n->kind == Kind::kText && Trim(n->text).empty();
    });
  }

  // ---- statements

  // Sets stop_ instead of making a node when it meets {{end}} or {{else}}.
  Result<NodePtr> Statement() {
    stop_ = Stop::kNone;
    const Lexeme& l = Next();
    if (l.token == Token::kText) return New(Kind::kText, l.pos, l.text);
    if (l.token != Token::kLeft) return Unexpected(l, "input");
    action_line_ = l.line;
    NodePtr node = TRY(Action());
    action_line_ = 0;
    return node;
  }

  Result<NodePtr> Action() {
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
    NodePtr action = New(Kind::kAction, l.pos);
    action->pipe = TRY(Pipeline("command", Token::kRight));
    return action;
  }

  Result<NodePtr> End() {
    TRY(Expect(Token::kRight, "end"));
    stop_ = Stop::kEnd;
    return NodePtr();
  }

  // "{{else if" leaves its "if" to be read by Control.
  Result<NodePtr> Else() {
    const Lexeme& l = PeekWord();
    if (!IsKeyword(l, "if") && !IsKeyword(l, "with")) TRY(Expect(Token::kRight, "else"));
    stop_ = Stop::kElse;
    return NodePtr();
  }

  Result<NodePtr> Jump(const Lexeme& keyword) {
    const std::string shown = fmt::format("{{{{{}}}}}", keyword.text);
    const Lexeme& l = NextWord();
    if (l.token != Token::kRight) return Unexpected(l, shown);
    if (range_depth_ == 0) return Fail(shown + " outside {{range}}");
    return New(keyword.text == "break" ? Kind::kBreak : Kind::kContinue, keyword.pos);
  }

  Result<NodePtr> Control(Kind kind, const Lexeme& keyword) {
    if (++level_ > kMostLevels) return Fail("nested too deeply");
    const size_t variables = variables_.size();
    NodePtr node = New(kind, keyword.pos);
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

  Result<NodePtr> Otherwise(Kind kind) {
    const Lexeme& l = PeekWord();
    const bool same = (kind == Kind::kIf && IsKeyword(l, "if")) ||
                      (kind == Kind::kWith && IsKeyword(l, "with"));
    if (same) {  // one {{end}} closes both
      Next();
      NodePtr list = New(Kind::kList, l.pos);
      list->children.push_back(TRY(Control(kind, l)));
      return list;
    }
    if (l.token == Token::kKeyword || l.token == Token::kDot || l.token == Token::kNil)
    return Unexpected(l, "else");
    NodePtr list = TRY(List());
    if (stop_ == Stop::kElse) return Fail("expected end; found {{else}}");
    return list;
  }

  // Statements up to {{end}} or {{else}}, which stop_ tells.
  Result<NodePtr> List() {
    NodePtr list = New(Kind::kList, PeekWord().pos);
    while (PeekWord().token != Token::kEnd) {
      NodePtr node = TRY(Statement());
      if (stop_ != Stop::kNone) return list;
      list->children.push_back(std::move(node));
    }
    return Fail("unexpected EOF");
  }

  Result<std::string> Name(std::string_view context) {
    const Lexeme& l = NextWord();
    if (l.token == Token::kRawString) return std::string(l.text.substr(1, l.text.size() - 2));
    if (l.token != Token::kString) return Unexpected(l, context);
    if (auto name = Unquote(l.text)) return std::move(*name);
    return Fail("invalid syntax");
  }

  Result<NodePtr> Call() {
    NodePtr node = New(Kind::kTemplate, PeekWord().pos);
    node->text = TRY(Name("template clause"));
    if (PeekWord().token == Token::kRight)
      Next();
    else
      node->pipe = TRY(Pipeline("template clause", Token::kRight));
    return node;
  }

  Result<NodePtr> Block() {
    NodePtr node = New(Kind::kTemplate, PeekWord().pos);
    node->text = TRY(Name("block clause"));
    node->pipe = TRY(Pipeline("block clause", Token::kRight));
    TRY(Body(node->text, "block clause"));
    return node;
  }

  Status Define() {
    Next();      // {{
    NextWord();  // define
    const std::string name = TRY(Name("define clause"));
    TRY(Expect(Token::kRight, "define clause"));
    return Body(name, "define clause");
  }

  // A template of its own: it sees no variable of what is around it.
  Status Body(const std::string& name, std::string_view context) {
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

  // ---- expressions

  Result<NodePtr> Pipeline(std::string_view context, Token end) {
    if (++level_ > kMostLevels) return Fail("nested too deeply");
    NodePtr pipe = New(Kind::kPipe, PeekWord().pos);
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

  static bool StartsOperand(Token token) {
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

  // "$x :=", "$x =", "$i, $x :="
  Status Declarations(Node& pipe, std::string_view context) {
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

  Status CheckPipeline(const Node& pipe, std::string_view context) {
    if (pipe.children.empty()) return Fail(fmt::format("missing value for {}", context));
    for (size_t i = 1; i < pipe.children.size(); ++i) {
      const Kind first = pipe.children[i]->children[0]->kind;
      if (first == Kind::kLiteral || first == Kind::kDot || first == Kind::kNil)
        return Fail(fmt::format("non executable command in pipeline stage {}", i + 1));
    }
    return Ok();
  }

  // Operands with blanks between, up to a '|' (taken), ')' or '}}' (left).
  Result<NodePtr> Command() {
    NodePtr command = New(Kind::kCommand, PeekWord().pos);
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
  Result<NodePtr> Operand() {
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
    NodePtr chain = New(Kind::kChain, pos);
    chain->names = std::move(names);
    chain->children.push_back(std::move(node));
    return chain;
  }

  // Null where no term begins.
  Result<NodePtr> Term() {
    const Lexeme& l = PeekWord();
    if (!StartsOperand(l.token)) return NodePtr();
    Next();
    switch (l.token) {
      case Token::kOpen: return Pipeline("parenthesized pipeline", Token::kClose);
      case Token::kDot: return New(Kind::kDot, l.pos);
      case Token::kNil: return New(Kind::kNil, l.pos);
      case Token::kIdentifier:
        if (FindFunction(l.text) == nullptr)
          return Fail(fmt::format("function {} not defined", GoQuote(l.text)));
        return New(Kind::kFunction, l.pos, l.text);
      case Token::kField: {
        NodePtr node = New(Kind::kField, l.pos);
        node->names.emplace_back(l.text.substr(1));
        return node;
      }
      case Token::kVariable: {
        if (std::find(variables_.begin(), variables_.end(), l.text) == variables_.end())
          return Fail(fmt::format("undefined variable {}", GoQuote(l.text)));
        NodePtr node = New(Kind::kVariable, l.pos);
        node->names.emplace_back(l.text);
        return node;
      }
      default: return Literal(l);
    }
  }

  Result<NodePtr> Literal(const Lexeme& l) {
    NodePtr node = New(Kind::kLiteral, l.pos, l.text);
    if (l.token == Token::kBool) {
      node->value = l.text == "true";
    } else if (l.token == Token::kRawString) {
      std::string raw(l.text.substr(1, l.text.size() - 2));
      raw.erase(std::remove(raw.begin(), raw.end(), '\r'), raw.end());
      node->value = std::move(raw);
    } else if (l.token == Token::kString) {
      auto text = Unquote(l.text);
      if (!text) return Fail("invalid syntax");
      node->value = std::move(*text);
    } else if (l.token == Token::kChar) {
      const auto text = Unquote(l.text);
      if (!text || RuneCount(*text) != 1)
        return Fail(fmt::format("malformed character constant: {}", l.text));
      size_t i = 0;
      node->value = static_cast<int64_t>(NextRune(*text, i));
    } else {
      node->value = TRY(Number(l.text));
    }
    return node;
  }

  Result<Value> Number(std::string_view text) {
    if (const auto i = ParseGoInt(text); i.ok()) return Value(*i);
    if (const auto u = ParseGoUint(text); u.ok()) return Value(*u);
    const bool real = text.find_first_of(".eEpP") != text.npos;
    std::string plain(text);
    plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
    if (const auto d = ParseGoFloat(plain); real && d.ok()) return Value(*d);
    if (!real && ParseGoFloat(plain).ok())
      return Fail(fmt::format("integer overflow: {}", GoQuote(text)));
    return Fail(fmt::format("illegal number syntax: {}", GoQuote(text)));
  }

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

std::string Dotted(const std::vector<std::string>& names, size_t from) {
  std::string out;
  for (size_t i = from; i < names.size(); ++i) out += "." + names[i];
  return out;
}

std::string SourceOf(const std::vector<NodePtr>& nodes, std::string_view between) {
  std::string out;
  for (const NodePtr& node : nodes) {
    if (&node != &nodes.front()) out += between;
    const bool parens = node->kind == Kind::kPipe;
    out += parens ? "(" + Source(*node) + ")" : Source(*node);
  }
  return out;
}

std::string SourceOf(std::string_view keyword, const Node& node) {
  std::string out = fmt::format("{{{{{} {}}}}}{}", keyword, Source(*node.pipe), Source(*node.list));
  if (node.otherwise != nullptr) out += "{{else}}" + Source(*node.otherwise);
  return out + "{{end}}";
}

}  // namespace

std::string Source(const Node& node) {
  switch (node.kind) {
    case Kind::kText: return GoQuote(node.text);
    case Kind::kAction: return "{{" + Source(*node.pipe) + "}}";
    case Kind::kIf: return SourceOf("if", node);
    case Kind::kRange: return SourceOf("range", node);
    case Kind::kWith: return SourceOf("with", node);
    case Kind::kBreak: return "{{break}}";
    case Kind::kContinue: return "{{continue}}";
    case Kind::kTemplate:
      return fmt::format("{{{{template {}{}}}}}", GoQuote(node.text),
                         node.pipe != nullptr ? " " + Source(*node.pipe) : "");
    case Kind::kList: return SourceOf(node.children, "");
    case Kind::kPipe: {
      std::string out = Join(node.names, ", ");
      if (!out.empty()) out += node.assign ? " = " : " := ";
      return out + SourceOf(node.children, " | ");
    }
    case Kind::kCommand: return SourceOf(node.children, " ");
    case Kind::kField: return Dotted(node.names, 0);
    case Kind::kVariable: return node.names[0] + Dotted(node.names, 1);
    case Kind::kChain: return SourceOf(node.children, "") + Dotted(node.names, 0);
    case Kind::kDot: return ".";
    case Kind::kNil: return "nil";
    case Kind::kLiteral:
    case Kind::kFunction: return node.text;
  }
  return {};
}

Result<std::shared_ptr<const TemplateSet>> ParseTemplate(std::string_view name,
                                                         std::string_view text) {
  return Parser(name, text).Run();
}

}  // namespace ctool::cli
