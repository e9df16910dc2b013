// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "cli/gotext.hpp"

namespace ctool::cli {
namespace {

constexpr int kMostLevels = 200;

void AppendString(std::string& out, std::string_view text) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const size_t start = i;
    const uint32_t rune = NextRune(text, i);
    if (rune == '"' || rune == '\\') {
      out += '\\';
      out += static_cast<char>(rune);
    } else if (rune == '\n') {
      out += "\\n";
    } else if (rune == '\r') {
      out += "\\r";
    } else if (rune == '\t') {
      out += "\\t";
    } else if (rune < 0x20 || rune == 0x2028 || rune == 0x2029) {
      out += fmt::format("\\u{:04x}", rune);
    } else if (rune == kRuneError && i - start == 1) {
      out += "\\ufffd";
    } else {
      out.append(text, start, i - start);
    }
  }
  out += '"';
}

std::string Number(double v) {
  const double size = std::fabs(v);
  if (!std::isfinite(v)) return "null";  // Go refuses these; a listing should not end over one
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return FormatGoFloat(v, 'f', -1);
  std::string text = FormatGoFloat(v, 'e', -1);
  // e-09 is e-9 in JSON.
  if (const size_t n = text.size(); n >= 4 && text[n - 4] == 'e' && text[n - 2] == '0')
    text.erase(n - 2, 1);
  return text;
}

class Writer {
 public:
  explicit Writer(size_t indent) : indent_(indent) {}

  void Write(const Value& v, size_t level) {
    if (v.is_nil_collection()) {
      out_ += "null";
      return;
    }
    switch (v.kind()) {
      case Value::Kind::kNull: out_ += "null"; break;
      case Value::Kind::kBool: out_ += v.as_bool() ? "true" : "false"; break;
      case Value::Kind::kInt: out_ += fmt::format("{}", v.as_int()); break;
      case Value::Kind::kUint: out_ += fmt::format("{}", v.as_uint()); break;
      case Value::Kind::kDouble: out_ += Number(v.as_double()); break;
      case Value::Kind::kString: AppendString(out_, v.as_string()); break;
      case Value::Kind::kTime: AppendString(out_, TimeRfc3339(v.as_time())); break;
      case Value::Kind::kDuration: out_ += fmt::format("{}", v.as_duration()); break;
      case Value::Kind::kList: List(v, level); break;
      case Value::Kind::kMap:
      case Value::Kind::kStruct: Object(v, level); break;
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  void Line(size_t level) {
    if (indent_ == 0) return;
    out_ += '\n';
    out_.append(level * indent_, ' ');
  }

  void List(const Value& v, size_t level) {
    out_ += '[';
    bool first = true;
    for (const Value& item : v.items()) {
      if (!first) out_ += ',';
      first = false;
      Line(level + 1);
      Write(item, level + 1);
    }
    if (!first) Line(level);
    out_ += ']';
  }

  void Object(const Value& v, size_t level) {
    out_ += '{';
    bool first = true;
    for (const Value::Field& f : v.fields()) {
      const bool structure = f.value->kind() == Value::Kind::kStruct;
      if (f.skip || (f.omit_empty && !structure && !f.value->Truth())) continue;
      if (!first) out_ += ',';
      first = false;
      Line(level + 1);
      AppendString(out_, f.json_name);
      out_ += indent_ == 0 ? ":" : ": ";
      Write(*f.value, level + 1);
    }
    if (!first) Line(level);
    out_ += '}';
  }

  size_t indent_;
  std::string out_;
};

using Json = nlohmann::ordered_json;

bool Has(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Value ParseTime(const std::string& text) {
  if (text == "0001-01-01T00:00:00Z") return Value::ZeroTime();
  const auto nanos = ParseRfc3339(text);
  return nanos ? Value::Time(*nanos) : Value(text);
}

std::string ListType(const Json& json) {
  const auto text = [](const Json& item) { return item.is_string(); };
  const bool strings = !json.empty() && std::all_of(json.begin(), json.end(), text);
  return strings ? "[]string" : "[]interface {}";
}

class Reader {
 public:
  explicit Reader(const JsonShape& shape) : shape_(shape) {}

  Result<Value> Read(const Json& json, std::string_view key, const std::string& type, int level) {
    if (level > kMostLevels) return Error(Code::kCorrupt, "JSON nested too deeply");
    switch (json.type()) {
      case Json::value_t::boolean: return Value(json.get<bool>());
      case Json::value_t::number_integer:
        if (Has(shape_.durations, key)) return Value::Duration(json.get<int64_t>());
        return Value(json.get<int64_t>());
      case Json::value_t::number_unsigned:
        if (Has(shape_.durations, key)) return Value::Duration(json.get<int64_t>());
        return Value(json.get<uint64_t>());
      case Json::value_t::number_float: return Value(json.get<double>());
      case Json::value_t::string:
        if (Has(shape_.times, key)) return ParseTime(json.get_ref<const std::string&>());
        return Value(json.get_ref<const std::string&>());
      case Json::value_t::array: return List(json, key, type, level);
      case Json::value_t::object: return Object(json, key, type, level);
      default: return Null(key, type);
    }
  }

 private:
  Value Null(std::string_view key, const std::string& type) const {
    if (Has(shape_.lists, key)) return Value::NilList();
    if (Has(shape_.maps, key)) return Value::NilMap();
    return Value::NilPointer("*" + type);
  }

  Result<Value> List(const Json& json, std::string_view key, const std::string& type, int level) {
    Value list = Value::List(ListType(json));
    for (const Json& item : json) list.Append(TRY(Read(item, key, type, level + 1)));
    return list;
  }

  Result<Value> Object(const Json& json, std::string_view key, const std::string& type, int level) {
    const bool map = Has(shape_.maps, key);
    const bool texts = std::all_of(json.begin(), json.end(),
                                   [](const Json& item) { return item.is_string(); });
    Value object = map ? Value::Map(texts ? "map[string]string" : "map[string]interface {}")
                       : Value::Struct(type);
    for (const auto& [name, item] : json.items()) {
      // An entry of a map is no field: its key means nothing.
      const std::string_view field = map ? std::string_view() : std::string_view(name);
      if (item.is_number_integer() && Has(shape_.durations, fmt::format("{}.{}", key, name)))
        object.Set(name, Value::Duration(item.get<int64_t>()));
      else
        object.Set(name, TRY(Read(item, field, fmt::format("{}.{}", type, name), level + 1)));
      if (!map) AddAliases(name, object);
    }
    for (const auto& [parent, name] : shape_.optional) {
      if (map || parent != key || (key.empty() && level != 0) || object.Find(name) != nullptr) continue;
      Value nothing = Has(shape_.texts, name) ? Value("") : Null(name, fmt::format("{}.{}", type, name));
      object.Set(name, std::move(nothing), {.omit_empty = true});
      AddAliases(name, object);
    }
    return object;
  }

  // Of the field that was set last.
  void AddAliases(std::string_view name, Value& object) const {
    for (const auto& [from, to] : shape_.aliases)
      if (from == name) object.Alias(to);
  }

  const JsonShape& shape_;
};

}  // namespace

std::string ToJson(const Value& value, size_t indent) {
  Writer writer(indent);
  writer.Write(value, 0);
  return writer.Take();
}

Result<Value> FromJson(std::string_view text, const JsonShape& shape) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Error(Code::kCorrupt, "invalid JSON");
  return Reader(shape).Read(json, {}, std::string(shape.type), 0);
}

}  // namespace ctool::cli
