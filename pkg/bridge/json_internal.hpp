// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "bridge/definition.hpp"

namespace ctool::bridge {

using Json = nlohmann::ordered_json;

Json ToJson(const Definition& definition);

}  // namespace ctool::bridge
