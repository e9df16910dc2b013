// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/check.hpp"
#include "engine/interrupt.hpp"
#include "storage/check.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// What is damaged, by what it is.
using DamageMap = std::map<std::pair<Damage::Kind, std::string>, std::vector<std::string>>;

// Looks at everything; in the user namespace, with the content lock held shared.
struct CheckWork {
  const storage::Store& store;
  state::Database& db;
  const userns::IdMap& map;
  const CheckOptions& options;
  Interrupt& interrupt;
};
Result<DamageMap> FindDamage(const CheckWork& work);

// Mends what FindDamage found and the store itself has the means for.
Status MendHere(const CheckWork& work, const DamageMap& damage, CheckReport& report);

}  // namespace ctool::engine
