// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace ctool::cli {

// What templates and tables work on: a value as a Go program would have it, so that `--format`
// prints what podman prints. A struct has a fixed set of fields (another name is an error), a map
// any keys (another key is no value). Copies share what they hold.
class Value {
 public:
  enum class Kind {
    kNull,
    kBool,
    kInt,
    kUint,  // only beyond INT64_MAX
    kDouble,
    kString,
    kTime,
    kDuration,
    kList,
    kMap,
    kStruct,
  };
  // A moment; `offset` is that of its time zone, east of UTC, in seconds.
  struct Moment {
    int64_t seconds = 0;  // since 1970, UTC
    int32_t nanos = 0;
    int32_t offset = 0;
    std::string zone = "UTC";
  };

  // How a struct's field appears in JSON: under which name, and when.
  struct Json {
    std::string_view name = {};  // the field's own name when empty
    bool omit_empty = false;
    bool skip = false;
  };
  // Of a struct, or an entry of a map. An alias is a second Field that shares the first one's value.
  struct Field {
    std::string name;
    std::string json_name;
    bool omit_empty = false;
    bool skip = false;
    bool method = false;
    std::shared_ptr<const Value> value;
  };

  Value() = default;  // Go's nil of no type: "<no value>" in a template
  // Implicit on purpose, so that a row is written as Set("Pid", 5).Set("Name", name).
  Value(bool v) : v_(v) {}                           // NOLINT
  Value(int v) : v_(int64_t{v}) {}                   // NOLINT
  Value(int64_t v) : v_(v) {}                        // NOLINT
  Value(uint32_t v) : v_(int64_t{v}) {}              // NOLINT
  Value(uint64_t v);                                 // NOLINT
  Value(double v) : v_(v) {}                         // NOLINT
  Value(std::string v) : v_(std::move(v)) {}         // NOLINT
  Value(std::string_view v) : v_(std::string(v)) {}  // NOLINT
  Value(const char* v) : v_(std::string(v)) {}       // NOLINT
  Value(const std::vector<std::string>& v);          // NOLINT: a "[]string"

  static Value NilPointer(std::string type);  // "*define.HealthCheckResults": "<nil>"
  static Value Struct(std::string type);
  // The element type in `type` decides what `index` gives for a key that is not there.
  static Value Map(std::string type = "map[string]string");
  static Value List(std::string type = "[]interface {}");
  // Empty ones that are null in JSON.
  static Value NilMap(std::string type = "map[string]string");
  static Value NilList(std::string type = "[]string");
  static Value Time(int64_t wall_nanos);  // in the local time zone
  static Value Time(Moment moment);
  static Value ZeroTime();  // Go's time.Time{}: "never", 0001-01-01
  static Value Duration(int64_t nanos);

  // Structs: add fields in order. Maps: keys are kept sorted; a key replaces itself.
  Value& Set(std::string_view name, Value value, Json json);
  Value& Set(std::string_view name, Value value) { return Set(name, std::move(value), Json{}); }
  // Another name for the last field that was set, for templates only.
  Value& Alias(std::string_view name);
  // A method of one string, `{{.Label "k"}}`: what `map` has for it, or "". No field: templates alone see it.
  Value& Method(std::string_view name, Value map);
  Value& Append(Value item);

  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  bool as_bool() const { return std::get<bool>(v_); }
  int64_t as_int() const { return std::get<int64_t>(v_); }
  uint64_t as_uint() const { return std::get<uint64_t>(v_); }
  double as_double() const { return std::get<double>(v_); }
  const std::string& as_string() const { return std::get<std::string>(v_); }
  const Moment& as_time() const;
  int64_t as_duration() const { return std::get<Nanos>(v_).count; }
  std::span<const Value> items() const;   // of a list
  std::span<const Field> fields() const;  // of a map or struct
  const Value* Find(std::string_view name) const;  // a field or key, or null
  bool is_nil_collection() const { return node() != nullptr && node()->nil; }

  // Go's name of the type, as error texts show it. A null without type is "nil".
  std::string TypeName() const;
  // Go's zero test: what `if` and omitempty go by.
  bool Truth() const;

 private:
  struct Nanos {
    int64_t count;
  };
  struct Node {
    Kind kind = Kind::kNull;  // kList, kMap, kStruct, kTime, or kNull for a nil pointer
    std::string type;
    std::vector<Value> items;
    std::vector<Field> fields;
    Moment moment;
    bool nil = false;  // a list or map that is null in JSON
  };
  static Value Compound(Kind kind, std::string type);
  Node& Mutable();
  const Node* node() const;

  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Nanos,
               std::shared_ptr<Node>>
      v_;
};

// Go's texts of a moment: String ("2006-01-02 15:04:05.1 +0000 UTC"), RFC 3339 as in JSON, and
// Format with a layout in terms of that reference time.
std::string TimeText(const Value::Moment& moment);
std::string TimeRfc3339(const Value::Moment& moment);
std::string TimeFormat(const Value::Moment& moment, std::string_view layout);

}  // namespace ctool::cli
