// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/value.hpp"

namespace ctool::cli {

// ---- tokens (template_lex.cpp)

enum class Token {
  kError,  // text is what is wrong
  kEnd,    // of the input
  kText,
  kLeft,   // {{
  kRight,  // }}
  kSpace,
  kBool,
  kNil,
  kNumber,
  kChar,  // 'x'
  kString,
  kRawString,
  kIdentifier,
  kField,     // .Name
  kVariable,  // $name
  kDot,
  kPipe,
  kAssign,
  kDeclare,  // :=
  kComma,
  kOther,  // a character without meaning in an action
  kOpen,
  kClose,
  kKeyword,
};

struct Lexeme {
  Token token;
  size_t pos;
  size_t line;
  std::string_view text;
  std::string error = {};
};

// All lexemes up to the end of the text or the first error, which is the last one then.
std::vector<Lexeme> Lex(std::string_view text);

// ---- tree (template_parse.cpp, template_expression.cpp)

struct Node {
  enum class Kind {
    kText, kAction, kIf, kRange, kWith, kTemplate, kBreak, kContinue, kList,       // statements
    kPipe, kCommand, kField, kVariable, kChain, kDot, kNil, kLiteral, kFunction,   // expressions
  };
  Kind kind;
  size_t pos = 0;
  std::string text = {};  // the text; a literal as written; the name of a function or template
  std::vector<std::string> names = {};  // .A.B; $x.A; the variables a pipe declares
  bool assign = false;                  // a pipe with = instead of :=
  Value value = {};                     // of a literal
  // A list's statements, a pipe's commands, a command's words, the operand of a chain.
  std::vector<std::unique_ptr<Node>> children = {};
  std::unique_ptr<Node> pipe = {}, list = {}, otherwise = {};  // {{if pipe}}list{{else}}otherwise
};
using NodePtr = std::unique_ptr<Node>;

struct TemplateSet {
  std::string name;
  std::string text;
  std::map<std::string, NodePtr, std::less<>> bodies;  // `name` and every {{define}}
};

Result<std::shared_ptr<const TemplateSet>> ParseTemplate(std::string_view name,
                                                         std::string_view text);

// The value of a literal that is a whole lexeme (template_literal.cpp). Its error says only why.
Result<Value> LiteralValue(const Lexeme& l);

// The node written out again, as Go shows it in error texts (template_source.cpp).
std::string Source(const Node& node);

// ---- functions (template_functions.cpp)

enum class Param { kAny, kString, kInt, kStrings };

struct Function {
  std::string_view name;
  size_t count;  // of params
  std::array<Param, 3> params;
  bool variadic;  // the last param, any number of times
  // Errors: the text behind "error calling NAME: ". Null for `and` and `or`, which the caller
  // evaluates because it may leave arguments out.
  Result<Value> (*call)(std::span<const Value> args);
};

const Function* FindFunction(std::string_view name);

// template_escape.cpp
Result<Value> HtmlFunction(std::span<const Value> args);
Result<Value> JsFunction(std::span<const Value> args);
Result<Value> UrlQueryFunction(std::span<const Value> args);

}  // namespace ctool::cli
