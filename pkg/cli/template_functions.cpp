// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/gofmt.hpp"
#include "cli/gotext.hpp"
#include "cli/json.hpp"
#include "cli/template_internal.hpp"

namespace ctool::cli {
namespace {

using Kind = Value::Kind;
using Args = std::span<const Value>;

constexpr int64_t kMostPadding = 1'000'000;

Error Bad(std::string why) { return Error(Code::kInvalidArgument, std::move(why)); }

bool IsUntypedNil(const Value& v) { return v.is_null() && v.TypeName() == "nil"; }

// ---- comparison

enum class Basic { kBool, kInt, kFloat, kString, kNone };

Basic BasicKind(const Value& v) {
  switch (v.kind()) {
    case Kind::kBool: return Basic::kBool;
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDuration: return Basic::kInt;
    case Kind::kDouble: return Basic::kFloat;
    case Kind::kString: return Basic::kString;
    default: return Basic::kNone;
  }
}

// An integer as sign and size, so that the whole range of uint64 compares with int64.
std::pair<bool, uint64_t> Integer(const Value& v) {
  if (v.kind() == Kind::kUint) return {true, v.as_uint()};
  const int64_t i = v.kind() == Kind::kInt ? v.as_int() : v.as_duration();
  return {i >= 0, static_cast<uint64_t>(i)};
}

bool SameBasic(const Value& a, const Value& b, Basic kind) {
  switch (kind) {
    case Basic::kBool: return a.as_bool() == b.as_bool();
    case Basic::kInt: return Integer(a) == Integer(b);
    case Basic::kFloat: return a.as_double() == b.as_double();
    default: return a.as_string() == b.as_string();
  }
}

bool SameMoment(const Value& a, const Value& b) {
  return a.kind() == Kind::kTime && b.kind() == Kind::kTime &&
         a.as_time().seconds == b.as_time().seconds && a.as_time().nanos == b.as_time().nanos;
}

Status Comparable(const Value& v) {
  if (v.kind() != Kind::kList && v.kind() != Kind::kMap && v.kind() != Kind::kStruct) return Ok();
  return Bad(fmt::format("non-comparable type {}: {}", v.TypeName(), Text(v)));
}

Result<bool> Equal(const Value& a, const Value& b) {
  const Basic kind = BasicKind(a);
  if (kind != BasicKind(b)) {
    if (!IsUntypedNil(a) && !IsUntypedNil(b)) return Bad("incompatible types for comparison");
    return false;
  }
  if (kind != Basic::kNone) return SameBasic(a, b, kind);
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  TRY(Comparable(a));
  TRY(Comparable(b));
  return SameMoment(a, b);
}

Result<Value> Eq(Args args) {
  if (args.size() < 2) return Bad("missing argument for comparison");
  for (const Value& other : args.subspan(1))
    if (TRY(Equal(args[0], other))) return Value(true);
  return Value(false);
}

Result<Value> Ne(Args args) {
  const bool same = TRY(Equal(args[0], args[1]));
  return Value(!same);
}

Result<bool> Less(const Value& a, const Value& b) {
  const Basic kind = BasicKind(a), other = BasicKind(b);
  if (kind == Basic::kNone || other == Basic::kNone) return Bad("invalid type for comparison");
  if (kind != other) return Bad("incompatible types for comparison");
  switch (kind) {
    case Basic::kInt: {
      const auto [positive_a, size_a] = Integer(a);
      const auto [positive_b, size_b] = Integer(b);
      return positive_a != positive_b ? positive_b : size_a < size_b;
    }
    case Basic::kFloat: return a.as_double() < b.as_double();
    case Basic::kString: return a.as_string() < b.as_string();
    default: return Bad("invalid type for comparison");
  }
}

Result<bool> LessOrEqual(const Value& a, const Value& b) {
  if (TRY(Less(a, b))) return true;
  return Equal(a, b);
}

Result<Value> Lt(Args args) {
  const bool r = TRY(Less(args[0], args[1]));
  return Value(r);
}
Result<Value> Le(Args args) {
  const bool r = TRY(LessOrEqual(args[0], args[1]));
  return Value(r);
}
Result<Value> Gt(Args args) {
  const bool r = TRY(LessOrEqual(args[0], args[1]));
  return Value(!r);
}
Result<Value> Ge(Args args) {
  const bool r = TRY(Less(args[0], args[1]));
  return Value(!r);
}

Result<Value> Not(Args args) { return Value(!args[0].Truth()); }

// ---- parts

std::string Named(const Value& v) { return v.is_null() ? "nil" : "type " + v.TypeName(); }

Result<size_t> Position(const Value& index, size_t limit) {
  if (index.kind() != Kind::kInt)
    return Bad(IsUntypedNil(index) ? "cannot index slice/array with nil"
                                   : "cannot index slice/array with " + Named(index));
  const int64_t at = index.as_int();
  if (at < 0 || static_cast<uint64_t>(at) >= limit)
    return Bad(fmt::format("index out of range: {}", at));
  return static_cast<size_t>(at);
}

// What a map of Go gives for a key that is not there: the zero value of its element type.
Value ZeroElement(const Value& map) {
  const std::string type = map.TypeName();
  const std::string_view element = std::string_view(type).substr(type.find(']') + 1);
  if (element == "string") return Value("");
  if (element == "int" || element == "int64" || element == "uint64") return Value(0);
  if (element == "bool") return Value(false);
  if (element == "struct {}") return Value::Struct("struct {}");
  if (StartsWith(element, "[]")) return Value::List(std::string(element));
  if (StartsWith(element, "map[")) return Value::Map(std::string(element));
  return {};
}

Result<Value> At(const Value& item, const Value& index) {
  switch (item.kind()) {
    case Kind::kList: {
      const size_t at = TRY(Position(index, item.items().size()));
      return item.items()[at];
    }
    case Kind::kString: {
      const size_t at = TRY(Position(index, item.as_string().size()));
      return Value(int64_t{static_cast<unsigned char>(item.as_string()[at])});
    }
    case Kind::kMap: {
      if (IsUntypedNil(index)) return Bad("value is nil; should be of type string");
      if (index.kind() != Kind::kString)
        return Bad(fmt::format("value has type {}; should be string", index.TypeName()));
      const Value* found = item.Find(index.as_string());
      return found != nullptr ? *found : ZeroElement(item);
    }
    case Kind::kNull:
      return Bad(IsUntypedNil(item) ? "index of untyped nil" : "index of nil pointer");
    default: return Bad("can't index item of type " + item.TypeName());
  }
}

Result<Value> Index(Args args) {
  if (IsUntypedNil(args[0])) return Bad("index of untyped nil");
  Value item = args[0];
  for (const Value& index : args.subspan(1)) item = TRY(At(item, index));
  return item;
}

Result<Value> Slice(Args args) {
  const Value& item = args[0];
  if (IsUntypedNil(item)) return Bad("slice of untyped nil");
  if (args.size() > 4) return Bad(fmt::format("too many slice indexes: {}", args.size() - 1));
  const bool text = item.kind() == Kind::kString;
  if (text && args.size() == 4) return Bad("cannot 3-index slice a string");
  if (!text && item.kind() != Kind::kList)
    return Bad("can't slice item of type " + item.TypeName());
  const size_t size = text ? item.as_string().size() : item.items().size();
  size_t bounds[3] = {0, size, size};
  for (size_t i = 1; i < args.size(); ++i) bounds[i - 1] = TRY(Position(args[i], size + 1));
  if (bounds[0] > bounds[1] || (args.size() == 4 && bounds[1] > bounds[2])) {
    const size_t bad = bounds[0] > bounds[1] ? 0 : 1;
    return Bad(fmt::format("invalid slice index: {} > {}", bounds[bad], bounds[bad + 1]));
  }
  if (text) return Value(item.as_string().substr(bounds[0], bounds[1] - bounds[0]));
  Value part = Value::List(item.TypeName());
  for (size_t i = bounds[0]; i < bounds[1]; ++i) part.Append(item.items()[i]);
  return part;
}

Result<Value> Len(Args args) {
  const Value& item = args[0];
  switch (item.kind()) {
    case Kind::kString: return Value(static_cast<int64_t>(item.as_string().size()));
    case Kind::kList: return Value(static_cast<int64_t>(item.items().size()));
    case Kind::kMap: return Value(static_cast<int64_t>(item.fields().size()));
    case Kind::kNull: return Bad(IsUntypedNil(item) ? "len of untyped nil" : "len of nil pointer");
    default: return Bad("len of type " + item.TypeName());
  }
}

// There are no values that could be called.
Result<Value> Call(Args args) {
  return Bad(IsUntypedNil(args[0]) ? "call of nil" : "non-function of type " + args[0].TypeName());
}

// ---- text

Result<Value> Print(Args args) { return Value(Sprint(args)); }
Result<Value> Printf(Args args) { return Value(Sprintf(args[0].as_string(), args.subspan(1))); }
Result<Value> Println(Args args) { return Value(Sprintln(args)); }
Result<Value> Json(Args args) { return Value(ToJson(args[0])); }
Result<Value> Lower(Args args) { return Value(ToLower(args[0].as_string())); }

char UpperOf(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

Result<Value> Upper(Args args) {
  std::string text = args[0].as_string();
  std::transform(text.begin(), text.end(), text.begin(), UpperOf);
  return Value(std::move(text));
}

// The first letter of each word.
Result<Value> Title(Args args) {
  std::string text = args[0].as_string();
  bool inside = false;
  for (char& c : text) {
    if (!inside) c = UpperOf(c);
    inside = c < 0 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
             (c >= 'A' && c <= 'Z');
  }
  return Value(std::move(text));
}

Result<Value> Join(Args args) {
  std::string out;
  for (const Value& item : args[0].items()) {
    if (&item != &args[0].items().front()) out += args[1].as_string();
    out += item.as_string();
  }
  return Value(std::move(out));
}

Result<Value> SplitText(Args args) {
  std::string_view text = args[0].as_string();
  const std::string_view separator = args[1].as_string();
  Value parts = Value::List("[]string");
  if (separator.empty()) {
    for (size_t i = 0; i < text.size();) {
      const size_t start = i;
      NextRune(text, i);
      parts.Append(text.substr(start, i - start));
    }
    return parts;
  }
  for (;;) {
    const size_t at = text.find(separator);
    parts.Append(text.substr(0, at));
    if (at == text.npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

Result<Value> Pad(Args args) {
  const std::string& text = args[0].as_string();
  if (text.empty()) return Value("");
  for (const Value& n : args.subspan(1))
    if (n.as_int() < 0 || n.as_int() > kMostPadding)
      return Bad(fmt::format("padding out of range: {}", n.as_int()));
  const auto blanks = [](const Value& n) {
    return std::string(static_cast<size_t>(n.as_int()), ' ');
  };
  return Value(blanks(args[1]) + text + blanks(args[2]));
}

Result<Value> Truncate(Args args) {
  const std::string& text = args[0].as_string();
  const int64_t size = args[1].as_int();
  if (size < 0) return Bad(fmt::format("length out of range: {}", size));
  return Value(text.substr(0, std::min(text.size(), static_cast<size_t>(size))));
}

}  // namespace

const Function* FindFunction(std::string_view name) {
  constexpr Param kAny = Param::kAny, kString = Param::kString, kInt = Param::kInt;
  static constexpr Function kFunctions[] = {
      {"and", 2, {kAny, kAny}, true, nullptr},
      {"call", 2, {kAny, kAny}, true, Call},
      {"eq", 2, {kAny, kAny}, true, Eq},
      {"ge", 2, {kAny, kAny}, false, Ge},
      {"gt", 2, {kAny, kAny}, false, Gt},
      {"html", 1, {kAny}, true, HtmlFunction},
      {"index", 2, {kAny, kAny}, true, Index},
      {"join", 2, {Param::kStrings, kString}, false, Join},
      {"js", 1, {kAny}, true, JsFunction},
      {"json", 1, {kAny}, false, Json},
      {"le", 2, {kAny, kAny}, false, Le},
      {"len", 1, {kAny}, false, Len},
      {"lower", 1, {kString}, false, Lower},
      {"lt", 2, {kAny, kAny}, false, Lt},
      {"ne", 2, {kAny, kAny}, false, Ne},
      {"not", 1, {kAny}, false, Not},
      {"or", 2, {kAny, kAny}, true, nullptr},
      {"pad", 3, {kString, kInt, kInt}, false, Pad},
      {"print", 1, {kAny}, true, Print},
      {"printf", 2, {kString, kAny}, true, Printf},
      {"println", 1, {kAny}, true, Println},
      {"slice", 2, {kAny, kAny}, true, Slice},
      {"split", 2, {kString, kString}, false, SplitText},
      {"title", 1, {kString}, false, Title},
      {"truncate", 2, {kString, kInt}, false, Truncate},
      {"upper", 1, {kString}, false, Upper},
      {"urlquery", 1, {kAny}, true, UrlQueryFunction},
  };
  for (const Function& f : kFunctions)
    if (f.name == name) return &f;
  return nullptr;
}

}  // namespace ctool::cli
