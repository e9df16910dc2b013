// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <set>

#include "base/text.hpp"
#include "spec/json_internal.hpp"

namespace ctool::spec {
namespace {

// First pass over a document: builds nothing, stops at the first thing we refuse.
class Checker : public nlohmann::json_sax<Json> {
 public:
  const std::string& problem() const { return problem_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Enter(); }
  bool start_array(std::size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }

  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    problem_ = "ambiguous: key " + Quote(name.substr(0, 100)) + " appears twice";
    return false;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    problem_ = "invalid JSON at byte " + std::to_string(position);
    return false;
  }

 private:
  bool Enter() {
    keys_.emplace_back();
    if (keys_.size() <= kMaxJsonDepth) return true;
    problem_ = "nesting deeper than " + std::to_string(kMaxJsonDepth) + " levels";
    return false;
  }
  bool Leave() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> keys_;  // one set for each open object or array
  std::string problem_;
};

// Go writes "Cmd" in one document and "config" in another; messages have one style.
std::string LowerFirst(std::string_view key) {
  std::string out(key);
  if (!out.empty()) out[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace

Result<Json> ParseJson(std::string_view bytes, std::string_view what, size_t max_bytes) {
  const std::string name(what);
  if (bytes.size() > max_bytes) {
    const std::string limit = max_bytes % (1 << 20) == 0
                                  ? std::to_string(max_bytes >> 20) + " MiB"
                                  : std::to_string(max_bytes) + " bytes";
    return Error(Code::kCorrupt, name + " is larger than " + limit);
  }
  Checker checker;
  if (!Json::sax_parse(bytes.begin(), bytes.end(), &checker)) {
    const std::string& problem = checker.problem();
    if (StartsWith(problem, "ambiguous: "))
      return Error(Code::kCorrupt, "ambiguous " + name + ": " + problem.substr(11));
    return Error(Code::kCorrupt, name + ": " + problem);
  }
  return Json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

std::string PrintJson(const OrderedJson& value) {
  return value.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

Result<Object> Object::Of(const Json& value, std::string where) {
  if (!value.is_object()) return Error(Code::kCorrupt, where + ": must be a JSON object");
  return Object(value, std::move(where));
}

const Json* Object::Find(const char* key) const {
  const auto it = json_->find(key);
  return it == json_->end() || it->is_null() ? nullptr : &*it;
}

bool Object::Has(const char* key) const { return json_->contains(key); }

Error Object::Bad(std::string_view key, std::string_view problem) const {
  return Error(Code::kCorrupt, where_ + ": " + LowerFirst(key) + " " + std::string(problem));
}

Error Object::Missing(std::string_view key) const {
  return Error(Code::kCorrupt, where_ + ": missing " + LowerFirst(key));
}

Result<std::string> Object::String(const char* key) const {
  const Json* value = Find(key);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return Bad(key, "must be a string");
  return value->get_ref<const std::string&>();
}

Result<bool> Object::Bool(const char* key) const {
  const Json* value = Find(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return Bad(key, "must be true or false");
  return value->get<bool>();
}

Result<int64_t> Object::Count(const char* key) const {
  const Json* value = Find(key);
  if (value == nullptr) return int64_t{0};
  if (!value->is_number_integer()) return Bad(key, "must be an integer");
  if (value->is_number_unsigned()) {
    const uint64_t number = value->get<uint64_t>();
    if (number > static_cast<uint64_t>(INT64_MAX)) return Bad(key, "is out of range");
    return static_cast<int64_t>(number);
  }
  const int64_t number = value->get<int64_t>();
  if (number < 0) return Bad(key, "must not be negative");
  return number;
}

Result<std::vector<std::string>> Object::Strings(const char* key) const {
  std::vector<std::string> out;
  const Json* value = Find(key);
  if (value == nullptr) return out;
  if (!value->is_array()) return Bad(key, "must be a list of strings");
  for (const Json& item : *value) {
    if (!item.is_string()) return Bad(key, "must be a list of strings");
    out.push_back(item.get_ref<const std::string&>());
    TRY(RefuseNul(*this, key, out.back()));
  }
  return out;
}

Result<std::map<std::string, std::string>> Object::StringMap(const char* key) const {
  std::map<std::string, std::string> out;
  const Json* value = Find(key);
  if (value == nullptr) return out;
  if (!value->is_object()) return Bad(key, "must be an object of strings");
  for (const auto& [name, item] : value->items()) {
    if (!item.is_string()) return Bad(key, "must be an object of strings");
    out.emplace(name, item.get_ref<const std::string&>());
  }
  return out;
}

Result<std::vector<std::string>> Object::Keys(const char* key) const {
  std::vector<std::string> out;
  const Json* value = Find(key);
  if (value == nullptr) return out;
  if (!value->is_object()) return Bad(key, "must be an object");
  for (const auto& [name, item] : value->items()) {
    out.push_back(name);
    TRY(RefuseNul(*this, key, name));
  }
  return out;
}

Result<std::vector<Object>> Object::Objects(const char* key) const {
  std::vector<Object> out;
  const Json* value = Find(key);
  if (value == nullptr) return out;
  if (!value->is_array()) return Bad(key, "must be a list");
  for (const Json& item : *value) {
    const std::string index = "[" + std::to_string(out.size()) + "]";
    out.push_back(TRY(Of(item, where_ + " " + LowerFirst(key) + index)));
  }
  return out;
}

Result<Object> Object::Member(const char* key) const {
  const Json* value = Find(key);
  if (value == nullptr) return Missing(key);
  return Of(*value, where_ + " " + LowerFirst(key));
}

Result<spec::Digest> Object::Digest(const char* key) const {
  const Json* value = Find(key);
  if (value == nullptr) return Missing(key);
  if (!value->is_string()) return Bad(key, "must be a string");
  return TRY_CTX(where_, spec::Digest::Parse(value->get_ref<const std::string&>()));
}

Status RefuseNul(const Object& object, const char* key, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return object.Bad(key, "holds a NUL byte");
  return Ok();
}

}  // namespace ctool::spec
