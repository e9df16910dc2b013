// SPDX-License-Identifier: Apache-2.0
#include "cli/value.hpp"

#include <algorithm>
#include <ctime>
#include <limits>

#include "base/text.hpp"

namespace ctool::cli {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

bool ByName(const Value::Field& field, std::string_view name) { return field.name < name; }

}  // namespace

Value::Value(uint64_t v) {
  if (v <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    v_ = static_cast<int64_t>(v);
  else
    v_ = v;
}

Value::Value(const std::vector<std::string>& v) : Value(List("[]string")) {
  for (const std::string& item : v) Append(item);
}

Value Value::Compound(Kind kind, std::string type) {
  Value v;
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->type = std::move(type);
  v.v_ = std::move(node);
  return v;
}

Value Value::NilPointer(std::string type) { return Compound(Kind::kNull, std::move(type)); }
Value Value::Struct(std::string type) { return Compound(Kind::kStruct, std::move(type)); }
Value Value::Map(std::string type) { return Compound(Kind::kMap, std::move(type)); }
Value Value::List(std::string type) { return Compound(Kind::kList, std::move(type)); }

Value Value::NilMap(std::string type) {
  Value v = Map(std::move(type));
  v.Mutable().nil = true;
  return v;
}

Value Value::NilList(std::string type) {
  Value v = List(std::move(type));
  v.Mutable().nil = true;
  return v;
}

Value Value::Time(int64_t wall_nanos) {
  Moment m;
  m.seconds = wall_nanos / kSecond;
  m.nanos = static_cast<int32_t>(wall_nanos % kSecond);
  if (m.nanos < 0) m.nanos += static_cast<int32_t>(kSecond), --m.seconds;
  const time_t seconds = m.seconds;
  tm local{};
  if (::localtime_r(&seconds, &local) != nullptr) {
    m.offset = static_cast<int32_t>(local.tm_gmtoff);
    m.zone = local.tm_zone;
  }
  return Time(std::move(m));
}

Value Value::Time(Moment moment) {
  Value v = Compound(Kind::kTime, "time.Time");
  v.Mutable().moment = std::move(moment);
  return v;
}

Value Value::ZeroTime() {
  constexpr int64_t kYearOne = -62135596800;  // 0001-01-01T00:00:00Z
  return Time(Moment{.seconds = kYearOne, .nanos = 0, .offset = 0, .zone = "UTC"});
}

Value Value::Duration(int64_t nanos) {
  Value v;
  v.v_ = Nanos{nanos};
  return v;
}

Value::Node& Value::Mutable() {
  auto& node = std::get<std::shared_ptr<Node>>(v_);
  if (node.use_count() > 1) node = std::make_shared<Node>(*node);
  return *node;
}

const Value::Node* Value::node() const {
  const auto* held = std::get_if<std::shared_ptr<Node>>(&v_);
  return held != nullptr ? held->get() : nullptr;
}

Value& Value::Set(std::string_view name, Value value, Json json) {
  Node& n = Mutable();
  CHECK(n.kind == Kind::kStruct || n.kind == Kind::kMap);
  n.nil = false;
  Field field = {.name = std::string(name),
                 .json_name = std::string(json.name.empty() ? name : json.name),
                 .omit_empty = json.omit_empty,
                 .skip = json.skip,
                 .value = std::make_shared<const Value>(std::move(value))};
  if (n.kind == Kind::kStruct) {
    n.fields.push_back(std::move(field));
    return *this;
  }
  const auto at = std::lower_bound(n.fields.begin(), n.fields.end(), name, ByName);
  if (at != n.fields.end() && at->name == name)
    *at = std::move(field);
  else
    n.fields.insert(at, std::move(field));
  return *this;
}

Value& Value::Alias(std::string_view name) {
  Node& n = Mutable();
  CHECK(n.kind == Kind::kStruct && !n.fields.empty());
  Field alias = n.fields.back();
  alias.name = name;
  alias.skip = true;
  alias.json_name.clear();
  n.fields.push_back(std::move(alias));
  return *this;
}

Value& Value::Method(std::string_view name, Value map) {
  Set(name, std::move(map), {.skip = true});
  Mutable().fields.back().method = true;
  return *this;
}

Value& Value::Append(Value item) {
  Node& n = Mutable();
  CHECK(n.kind == Kind::kList);
  n.nil = false;
  n.items.push_back(std::move(item));
  return *this;
}

Value::Kind Value::kind() const {
  struct Visitor {
    Kind operator()(std::monostate) const { return Kind::kNull; }
    Kind operator()(bool) const { return Kind::kBool; }
    Kind operator()(int64_t) const { return Kind::kInt; }
    Kind operator()(uint64_t) const { return Kind::kUint; }
    Kind operator()(double) const { return Kind::kDouble; }
    Kind operator()(const std::string&) const { return Kind::kString; }
    Kind operator()(Nanos) const { return Kind::kDuration; }
    Kind operator()(const std::shared_ptr<Node>& node) const { return node->kind; }
  };
  return std::visit(Visitor{}, v_);
}

const Value::Moment& Value::as_time() const {
  CHECK(kind() == Kind::kTime);
  return node()->moment;
}

std::span<const Value> Value::items() const {
  const Node* n = node();
  return n != nullptr ? std::span<const Value>(n->items) : std::span<const Value>();
}

std::span<const Value::Field> Value::fields() const {
  const Node* n = node();
  return n != nullptr ? std::span<const Field>(n->fields) : std::span<const Field>();
}

const Value* Value::Find(std::string_view name) const {
  const auto all = fields();
  if (kind() == Kind::kMap) {
    const auto at = std::lower_bound(all.begin(), all.end(), name, ByName);
    return at != all.end() && at->name == name ? at->value.get() : nullptr;
  }
  for (const Field& f : all)
    if (f.name == name) return f.value.get();
  return nullptr;
}

std::string Value::TypeName() const {
  switch (kind()) {
    case Kind::kNull: return node() != nullptr ? node()->type : "nil";
    case Kind::kBool: return "bool";
    case Kind::kInt: return "int";
    case Kind::kUint: return "uint64";
    case Kind::kDouble: return "float64";
    case Kind::kString: return "string";
    case Kind::kDuration: return "time.Duration";
    default: return node()->type;
  }
}

bool Value::Truth() const {
  switch (kind()) {
    case Kind::kNull: return false;
    case Kind::kBool: return as_bool();
    case Kind::kInt: return as_int() != 0;
    case Kind::kUint: return true;
    case Kind::kDouble: return as_double() != 0;
    case Kind::kString: return !as_string().empty();
    case Kind::kDuration: return as_duration() != 0;
    case Kind::kList: return !items().empty();
    case Kind::kMap: return !fields().empty();
    case Kind::kTime:
    case Kind::kStruct: return true;
  }
  return false;
}

}  // namespace ctool::cli
