// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {
namespace {

using Kind = Node::Kind;

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

}  // namespace ctool::cli
