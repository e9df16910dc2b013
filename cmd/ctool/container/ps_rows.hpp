// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/value.hpp"
#include "engine/containers.hpp"

namespace ctool {

// The fields that a template may ask for: to make all of them costs more than the rest of `ps`.
class PsFields {
 public:
  explicit PsFields(std::string_view format);
  bool Has(std::string_view name) const;

 private:
  std::string_view format_;
  bool all_ = false;
};

// A container in `ps`, with podman's field names and types.
cli::Value PsTemplateRow(const engine::ContainerRow& row, bool whole_ids, const PsFields& fields);
cli::Value PsJsonRow(const engine::ContainerRow& row);

// The cells of the tables.
std::string PsId(const std::string& id, bool whole);
std::string PsCommand(const std::string& command, bool whole);
std::string PsAgo(int64_t at);
std::string PsSize(const engine::ContainerRow& row);

}  // namespace ctool
