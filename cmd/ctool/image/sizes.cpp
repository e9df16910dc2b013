// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "ctool/image/commands.hpp"

namespace ctool {
namespace {

constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

struct Scaled {
  double size;
  const char* unit;
};
Scaled Scale(int64_t bytes, double limit) {
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= limit && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  return {size, kUnits[unit]};
}

}  // namespace

std::string HumanSize(int64_t bytes) {
  // What would be rounded to 1000 is 1 of the next unit.
  const Scaled scaled = Scale(bytes, 999.5);
  return fmt::format("{:.3g} {}", scaled.size, scaled.unit);
}

std::string DiskSize(int64_t bytes) {
  const Scaled scaled = Scale(bytes, 999.95);
  return fmt::format("{:.4g}{}", scaled.size, scaled.unit);
}

}  // namespace ctool
