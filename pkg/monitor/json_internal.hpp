// SPDX-License-Identifier: Apache-2.0
//
// Reading what we wrote ourselves: a member of another type, or none, leaves the default.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.hpp"

namespace ctool::monitor {

using Json = nlohmann::json;

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

inline Result<Json> ParseObject(std::string_view bytes, const char* what) {
  Json doc = Json::parse(bytes, nullptr, false);
  if (!doc.is_object()) return Error(Code::kCorrupt, std::string(what) + " is not a JSON object");
  return doc;
}

}  // namespace ctool::monitor
