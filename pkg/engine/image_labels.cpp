// SPDX-License-Identifier: Apache-2.0
#include "engine/image_labels.hpp"

#include "engine/json_slices_internal.hpp"
#include "spec/image.hpp"

namespace ctool::engine {
namespace {

std::string_view Member(std::string_view object, std::string_view key) {
  const std::optional<JsonMembers> members = CutObject(object);
  if (!members) return {};
  for (const auto& [name, value] : *members)
    if (name == key) return value;
  return {};
}

}  // namespace

std::map<std::string, std::string> LabelsOf(const state::Image& image) {
  const bool escapes = image.config.find('\\') != std::string::npos;
  if (!escapes && image.config.find("\"Labels\"") == std::string::npos) return {};
  if (!escapes) {
    std::map<std::string, std::string> labels;
    const std::optional<JsonMembers> members = CutObject(Member(Member(image.config, "config"), "Labels"));
    if (!members) return labels;
    for (const auto& [key, value] : *members) labels.emplace(key, CutString(value).value_or(""));
    return labels;
  }
  // Slices know no escapes.
  const Result<spec::ImageConfig> config = spec::ImageConfig::Parse(image.config);
  return config.ok() ? config->config.labels : std::map<std::string, std::string>();
}

}  // namespace ctool::engine
