// SPDX-License-Identifier: Apache-2.0
//
// What we write and read ourselves. Each type has one list of its fields, which both directions go through:
//
//   constexpr auto kFields = [](auto& o, const auto& field) {
//     field("id", o.id);
//     field("log", o.log, kEntryFields);  // a structure, or a vector of them
//   };
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.hpp"

namespace ctool::monitor {

using Json = nlohmann::json;

// A member of another type, or none, leaves the default.
template <class T>
void Read(const Json& from, const char* key, T& into) {
  const auto it = from.find(key);
  if (it == from.end()) return;
  if constexpr (std::is_same_v<T, bool>) {
    if (it->is_boolean()) into = it->get<bool>();
  } else if constexpr (std::is_arithmetic_v<T>) {
    if (it->is_number_integer()) into = static_cast<T>(it->get<int64_t>());
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (it->is_string()) into = it->get<std::string>();
  } else {
    if (!it->is_array()) return;
    for (const Json& item : *it)
      if (item.is_string()) into.push_back(item.get<std::string>());
  }
}

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

struct FieldReader {
  const Json& from;

  template <class T>
  void operator()(const char* key, T& into) const {
    Read(from, key, into);
  }
  template <class T, class Fields>
  void operator()(const char* key, T& into, const Fields& fields) const {
    const auto it = from.find(key);
    if (it == from.end()) return;
    if constexpr (IsVector<T>::value) {
      if (!it->is_array()) return;
      for (const Json& item : *it)
        if (item.is_object()) fields(into.emplace_back(), FieldReader{item});
    } else if (it->is_object()) {
      fields(into, FieldReader{*it});
    }
  }
};

struct FieldWriter {
  Json& to;

  template <class T>
  void operator()(const char* key, const T& value) const {
    to[key] = value;
  }
  template <class T, class Fields>
  void operator()(const char* key, const T& value, const Fields& fields) const {
    if constexpr (IsVector<T>::value) {
      Json& items = to[key] = Json::array();
      for (const auto& item : value) fields(item, FieldWriter{items.emplace_back(Json::object())});
    } else {
      fields(value, FieldWriter{to[key] = Json::object()});
    }
  }
};

template <class T, class Fields>
Result<T> ParseObject(std::string_view bytes, const char* what, const Fields& fields) {
  const Json doc = Json::parse(bytes, nullptr, false);
  if (!doc.is_object()) return Error(Code::kCorrupt, std::string(what) + " is not a JSON object");
  T out;
  fields(out, FieldReader{doc});
  return out;
}

// Paths need not be text: what isn't is replaced.
template <class T, class Fields>
std::string PrintObject(const T& from, const Fields& fields) {
  Json doc = Json::object();
  fields(from, FieldWriter{doc});
  return doc.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::monitor
