// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/gofmt.hpp"
#include "cli/gotext.hpp"
#include "cli/template.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {
namespace {

using Kind = Node::Kind;

constexpr int kMostCalls = 1000;  // of {{template}} in one another
// Of statements in one another, those of called templates included: what the stack holds.
constexpr int kMostDepth = 2500;

enum class Flow { kNext, kBreak, kContinue };

// The value that comes through a pipe, as one more argument at the end.
using Piped = std::optional<Value>;

class Run {
 public:
  Run(const TemplateSet& set, std::string& out) : set_(set), out_(out), name_(set.name) {}

  Status Start(const Value& data) {
    variables_.push_back({"$", data});
    const auto body = set_.bodies.find(set_.name);
    const Flow flow = TRY(Walk(data, *body->second));
    CHECK(flow == Flow::kNext);  // the parser allows jumps in a range only
    return Ok();
  }

 private:
  struct Variable {
    std::string name;
    Value value;
  };

  // ---- errors: `at_` is the node that is being evaluated

  void At(const Node& node) { at_ = &node; }

  Error Fail(std::string_view why) const {
    const std::string_view before = std::string_view(set_.text).substr(0, at_->pos);
    const size_t newline = before.rfind('\n');
    const size_t column = newline == before.npos ? before.size() : before.size() - newline - 1;
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    return Error(Code::kInvalidArgument,
                 fmt::format("template: {}:{}:{}: executing {} at <{}>: {}", set_.name, line,
                             column, GoQuote(name_), Source(*at_), why));
  }

  // ---- statements

  Result<Flow> Walk(const Value& dot, const Node& node) {
    At(node);
    if (depth_ == kMostDepth) return Fail(fmt::format("exceeded maximum template depth ({})", kMostCalls));
    ++depth_;
    Result<Flow> flow = Statement(dot, node);
    --depth_;
    return flow;
  }

  Result<Flow> Statement(const Value& dot, const Node& node) {
    switch (node.kind) {
      case Kind::kText: out_ += node.text; return Flow::kNext;
      case Kind::kAction: {
        const Value value = TRY(Pipeline(dot, *node.pipe));
        if (node.pipe->names.empty()) Print(value);
        return Flow::kNext;
      }
      case Kind::kIf:
      case Kind::kWith: return Branch(dot, node);
      case Kind::kRange: return Range(dot, node);
      case Kind::kTemplate: return Call(dot, node);
      case Kind::kBreak: return Flow::kBreak;
      case Kind::kContinue: return Flow::kContinue;
      case Kind::kList:
        for (const NodePtr& child : node.children) {
          const Flow flow = TRY(Walk(dot, *child));
          if (flow != Flow::kNext) return flow;
        }
        return Flow::kNext;
      default: return Fail("unknown node");
    }
  }

  void Print(const Value& value) {
    if (value.is_null() && value.TypeName() == "nil") out_ += "<no value>";
    else out_ += Text(value);
  }

  Result<Flow> Branch(const Value& dot, const Node& node) {
    const size_t mark = variables_.size();
    const Value value = TRY(Pipeline(dot, *node.pipe));
    Flow flow = Flow::kNext;
    if (value.Truth())
      flow = TRY(Walk(node.kind == Kind::kWith ? value : dot, *node.list));
    else if (node.otherwise != nullptr)
      flow = TRY(Walk(dot, *node.otherwise));
    variables_.resize(mark);
    return flow;
  }

  Result<Flow> Range(const Value& dot, const Node& node) {
    const size_t mark = variables_.size();
    const Value over = TRY(Pipeline(dot, *node.pipe));
    bool any = false;
    switch (over.kind()) {
      case Value::Kind::kNull: break;
      case Value::Kind::kList: {
        int64_t i = 0;
        for (const Value& item : over.items()) {
          any = true;
          if (TRY(Once(node, i++, item)) == Flow::kBreak) break;
        }
        break;
      }
      case Value::Kind::kMap:
        for (const Value::Field& f : over.fields()) {
          any = true;
          if (TRY(Once(node, f.name, *f.value)) == Flow::kBreak) break;
        }
        break;
      case Value::Kind::kInt:
        for (int64_t i = 0; i < over.as_int(); ++i) {
          any = true;
          if (TRY(Once(node, i, i)) == Flow::kBreak) break;
        }
        break;
      default: return Fail(fmt::format("range can't iterate over {}", Text(over)));
    }
    variables_.resize(mark);
    if (any || node.otherwise == nullptr) return Flow::kNext;
    const Flow flow = TRY(Walk(dot, *node.otherwise));
    variables_.resize(mark);
    return flow;
  }

  // The body of a range for one element. The pipeline has declared the variables already, with the
  // whole of what is ranged over.
  Result<Flow> Once(const Node& node, const Value& key, const Value& item) {
    const Node& pipe = *node.pipe;
    const size_t mark = variables_.size();
    if (!pipe.names.empty())
      TRY(SetRangeVariables(pipe, pipe.names.size() == 1 ? item : key, item));
    const Flow flow = TRY(Walk(item, *node.list));
    variables_.resize(mark);
    return flow;
  }

  // $i, $x: with "=" the variables outside, with ":=" the ones that the pipeline has pushed.
  Status SetRangeVariables(const Node& pipe, const Value& first, const Value& second) {
    const size_t n = pipe.names.size();
    if (pipe.assign) {
      TRY(Assign(pipe.names[0], first));
      if (n > 1) TRY(Assign(pipe.names[1], second));
      return Ok();
    }
    variables_[variables_.size() - n].value = first;
    if (n > 1) variables_.back().value = second;
    return Ok();
  }

  Status Assign(std::string_view name, const Value& value) {
    const auto at = std::find_if(variables_.rbegin(), variables_.rend(),
                                 [&](const Variable& v) { return v.name == name; });
    if (at == variables_.rend()) return Fail(fmt::format("undefined variable: {}", name));
    at->value = value;
    return Ok();
  }

  Result<Flow> Call(const Value& dot, const Node& node) {
    const auto body = set_.bodies.find(node.text);
    if (body == set_.bodies.end())
      return Fail(fmt::format("template {} not defined", GoQuote(node.text)));
    if (calls_ == kMostCalls)
      return Fail(fmt::format("exceeded maximum template depth ({})", kMostCalls));
    Value inner;
    if (node.pipe != nullptr) inner = TRY(Pipeline(dot, *node.pipe));
    std::vector<Variable> outer = {{"$", inner}};
    std::swap(outer, variables_);
    const std::string name = std::exchange(name_, node.text);
    ++calls_;
    const Flow flow = TRY(Walk(inner, *body->second));
    --calls_;
    name_ = name;
    variables_ = std::move(outer);
    return flow;
  }

  // ---- expressions

  Result<Value> Pipeline(const Value& dot, const Node& pipe) {
    At(pipe);
    Piped value;
    for (const NodePtr& command : pipe.children) value = TRY(Command(dot, *command, value));
    for (const std::string& name : pipe.names) {
      if (pipe.assign)
        TRY(Assign(name, *value));
      else
        variables_.push_back({name, *value});
    }
    return std::move(*value);
  }

  Result<Value> Command(const Value& dot, const Node& command, const Piped& piped) {
    const Node& first = *command.children[0];
    const bool args = command.children.size() > 1 || piped.has_value();
    switch (first.kind) {
      case Kind::kField: At(first); return Fields(dot, first.names, 0, args, command, dot, piped);
      case Kind::kChain: {
        At(first);
        const Value operand = TRY(Argument(dot, *first.children[0]));
        return Fields(operand, first.names, 0, args, command, dot, piped);
      }
      case Kind::kVariable:
        At(first);
        if (first.names.size() == 1) {
          TRY(NoArguments(first, args));
          return Lookup(first.names[0]);
        }
        return Fields(TRY(Lookup(first.names[0])), first.names, 1, args, command, dot, piped);
      case Kind::kFunction:
        return Apply(dot, first, command, std::span(command.children).subspan(1), piped);
      case Kind::kPipe: TRY(NoArguments(first, args)); return Pipeline(dot, first);
      default: break;
    }
    At(first);
    TRY(NoArguments(first, args));
    if (first.kind == Kind::kNil) return Fail("nil is not a command");
    return Argument(dot, first);
  }

  Status NoArguments(const Node& first, bool args) {
    if (!args) return Ok();
    return Fail(fmt::format("can't give argument to non-function {}", Source(first)));
  }

  // The parser knows each name, but not whether the declaration has been run by then.
  Result<Value> Lookup(std::string_view name) const {
    for (auto v = variables_.rbegin(); v != variables_.rend(); ++v)
      if (v->name == name) return v->value;
    return Fail(fmt::format("undefined variable: {}", name));
  }

  // names[from...] one behind the other. Only the last may have arguments, and only a time's
  // methods take any.
  Result<Value> Fields(Value receiver, const std::vector<std::string>& names, size_t from,
                       bool args, const Node& command, const Value& dot, const Piped& piped) {
    for (size_t i = from; i < names.size(); ++i) {
      const bool last = i + 1 == names.size();
      if (last && receiver.kind() == Value::Kind::kTime && names[i] == "Format") {
        const std::string layout = TRY(OneText(names[i], command.children, dot, piped));
        return Value(TimeFormat(receiver.as_time(), layout));
      }
      if (const Value* map = LookupMethod(receiver, names[i])) {
        // In front of other names it has no argument, which is complained about.
        const std::string key = last ? TRY(OneText(names[i], command.children, dot, piped)) : TRY(OneText(names[i], {}, dot, {}));
        const Value* found = map->Find(key);
        Value text = found != nullptr ? *found : Value("");
        receiver = std::move(text);
        continue;
      }
      receiver = TRY(Field(receiver, names[i], last && args));
    }
    return receiver;
  }

  static const Value* LookupMethod(const Value& receiver, std::string_view name) {
    if (receiver.kind() != Value::Kind::kStruct) return nullptr;
    for (const Value::Field& f : receiver.fields())
      if (f.method && f.name == name) return f.value.get();
    return nullptr;
  }

  // The argument of a method that takes one string; `words` is its name and what follows.
  Result<std::string> OneText(const std::string& name, std::span<const NodePtr> words, const Value& dot,
                              const Piped& piped) {
    const size_t given = (words.empty() ? 0 : words.size() - 1) + (piped ? 1 : 0);
    if (given != 1) return Fail(fmt::format("wrong number of args for {}: want 1 got {}", name, given));
    if (piped) {
      TRY(CheckType(Param::kString, *piped));
      return piped->as_string();
    }
    const Value value = TRY(Typed(Param::kString, dot, *words[1]));
    return value.as_string();
  }

  Result<Value> Field(const Value& receiver, const std::string& name, bool args) {
    if (receiver.is_null()) {
      const std::string type = receiver.TypeName();
      if (type == "nil") return Value();
      return Fail(fmt::format("nil pointer evaluating {}.{}", type, name));
    }
    if (auto method = Method(receiver, name)) return std::move(*method);
    const Value* found = receiver.Find(name);
    const bool map = receiver.kind() == Value::Kind::kMap;
    if (args && (found != nullptr || map))
      return Fail(map ? fmt::format("{} is not a method but has arguments", name)
                      : fmt::format("{} has arguments but cannot be invoked as function", name));
    if (found != nullptr) return *found;
    if (map) return Value();
    return Fail(fmt::format("can't evaluate field {} in type {}", name, receiver.TypeName()));
  }

  // What scripts call on Go's time.Time and time.Duration.
  static std::optional<Value> Method(const Value& receiver, std::string_view name) {
    if (receiver.kind() == Value::Kind::kTime) {
      const Value::Moment& m = receiver.as_time();
      if (name == "Unix") return Value(m.seconds);
      if (name == "UnixNano") return Value(m.seconds * 1'000'000'000 + m.nanos);
      if (name == "String") return Value(TimeText(m));
      if (name == "IsZero") return Value(m.seconds == Value::ZeroTime().as_time().seconds);
      if (name == "UTC")
        return Value::Time({.seconds = m.seconds, .nanos = m.nanos, .offset = 0, .zone = "UTC"});
      for (const auto& [method, layout] : {std::pair("Year", "2006"), std::pair("Day", "2"),
                                           std::pair("Hour", "15"), std::pair("Minute", "4"),
                                           std::pair("Second", "5")})
        if (name == method) return Value(Decimal(TimeFormat(m, layout)));
      if (name == "Month") return Value(TimeFormat(m, "January"));
      if (name == "Weekday") return Value(TimeFormat(m, "Monday"));
    }
    if (receiver.kind() == Value::Kind::kDuration) {
      const auto d = static_cast<double>(receiver.as_duration());
      if (name == "String") return Value(Text(receiver));
      if (name == "Nanoseconds") return Value(receiver.as_duration());
      if (name == "Milliseconds") return Value(receiver.as_duration() / 1'000'000);
      if (name == "Seconds") return Value(d / 1e9);
      if (name == "Minutes") return Value(d / 6e10);
      if (name == "Hours") return Value(d / 3.6e12);
    }
    return std::nullopt;
  }

  static int64_t Decimal(std::string_view digits) {
    int64_t value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
  }

  // ---- functions

  // `call` is what error texts show of it.
  Result<Value> Apply(const Value& dot, const Node& name, const Node& call,
                      std::span<const NodePtr> words, const Piped& piped) {
    At(name);
    const Function& f = *FindFunction(name.text);
    const size_t given = words.size() + (piped ? 1 : 0);
    const size_t fixed = f.count - (f.variadic ? 1 : 0);
    if (f.variadic && given < fixed)
      return Fail(fmt::format("wrong number of args for {}: want at least {} got {}", name.text,
                              fixed, words.size()));
    if (!f.variadic && given != fixed)
      return Fail(fmt::format("wrong number of args for {}: want {} got {}", name.text, fixed,
                              given));
    if (f.call == nullptr) return Logic(dot, name, words, piped);
    const auto param = [&](size_t i) { return f.params[std::min(i, f.count - 1)]; };
    std::vector<Value> args;
    for (const NodePtr& word : words)
      args.push_back(TRY(Typed(param(args.size()), dot, *word)));
    if (piped) {
      TRY(CheckType(param(args.size()), *piped));
      args.push_back(*piped);
    }
    Result<Value> result = f.call(args);
    if (result.ok()) return result;
    At(call);
    return Fail(fmt::format("error calling {}: {}", name.text, result.error().Message()));
  }

  // `and`, `or`: the first argument that decides is the result; those behind it are not evaluated.
  Result<Value> Logic(const Value& dot, const Node& name, std::span<const NodePtr> words,
                      const Piped& piped) {
    const bool stop_at = name.text == "or";
    Value value;
    for (const NodePtr& word : words) {
      value = TRY(Argument(dot, *word));
      if (value.Truth() == stop_at) return value;
    }
    return piped ? *piped : value;
  }

  // A literal is checked before it is a value, and complained about as written.
  Result<Value> Typed(Param param, const Value& dot, const Node& node) {
    At(node);
    if (param == Param::kAny) return Argument(dot, node);
    const auto text = [&] { return node.value.kind() == Value::Kind::kString; };
    const std::string_view type = param == Param::kString ? "string"
                                  : param == Param::kInt  ? "integer"
                                                          : "[]string";
    if (node.kind == Kind::kNil) {
      if (param == Param::kStrings) return Value::List("[]string");
      return Fail(fmt::format("cannot assign nil to {}", param == Param::kInt ? "int" : type));
    }
    if (node.kind == Kind::kLiteral) {
      const bool fits = (param == Param::kString && text()) ||
                        (param == Param::kInt && node.value.kind() == Value::Kind::kInt);
      if (fits) return node.value;
      if (param == Param::kStrings)
        return Fail(fmt::format("can't handle {} for arg of type {}", node.text, type));
      return Fail(fmt::format("expected {}; found {}", type, node.text));
    }
    Value value = TRY(Argument(dot, node));
    TRY(CheckType(param, value));
    return value;
  }

  Status CheckType(Param param, const Value& value) const {
    const Value::Kind kind = value.kind();
    if (param == Param::kAny) return Ok();
    if (param == Param::kString && kind == Value::Kind::kString) return Ok();
    if (param == Param::kInt && kind == Value::Kind::kInt) return Ok();
    if (param == Param::kStrings && (kind == Value::Kind::kList || kind == Value::Kind::kNull)) {
      const auto items = value.items();
      if (std::all_of(items.begin(), items.end(), [](const Value& v) {
            return v.kind() == Value::Kind::kString;
          }))
        return Ok();
    }
    const std::string_view type = param == Param::kString ? "string"
                                  : param == Param::kInt  ? "int"
                                                          : "[]string";
    if (kind == Value::Kind::kNull && value.TypeName() == "nil")
      return Fail(fmt::format("invalid value; expected {}", type));
    return Fail(fmt::format("wrong type for value; expected {}; got {}", type, value.TypeName()));
  }

  Result<Value> Argument(const Value& dot, const Node& node) {
    At(node);
    switch (node.kind) {
      case Kind::kDot: return dot;
      case Kind::kNil: return Value();
      case Kind::kLiteral:
        if (node.value.kind() == Value::Kind::kUint)
          return Fail(fmt::format("{} overflows int", node.text));
        return node.value;
      case Kind::kField: return Fields(dot, node.names, 0, false, node, dot, {});
      case Kind::kVariable:
        return Fields(TRY(Lookup(node.names[0])), node.names, 1, false, node, dot, {});
      case Kind::kPipe: return Pipeline(dot, node);
      case Kind::kChain: {
        const Value operand = TRY(Argument(dot, *node.children[0]));
        return Fields(operand, node.names, 0, false, node, dot, {});
      }
      case Kind::kFunction: return Apply(dot, node, node, {}, {});
      default: return Fail(fmt::format("can't handle {} as an argument", Source(node)));
    }
  }

  const TemplateSet& set_;
  std::string& out_;
  std::string name_;  // of the template that is being executed
  std::vector<Variable> variables_;
  const Node* at_ = nullptr;
  int calls_ = 0, depth_ = 0;
};

}  // namespace

Result<Template> Template::Parse(std::string_view name, std::string_view text) {
  return Template(TRY(ParseTemplate(name, text)));
}

Result<std::string> Template::Execute(const Value& data) const {
  std::string out;
  TRY(Run(*set_, out).Start(data));
  return out;
}

}  // namespace ctool::cli
