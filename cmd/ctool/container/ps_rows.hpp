// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/value.hpp"
#include "engine/containers.hpp"

namespace ctool {

// A container in `ps`, with podman's field names and types.
cli::Value PsTemplateRow(const engine::ContainerRow& row, bool whole_ids);
cli::Value PsJsonRow(const engine::ContainerRow& row);

// The cells of the tables.
std::string PsId(const std::string& id, bool whole);
std::string PsCommand(const std::string& command, bool whole);
std::string PsAgo(int64_t at);
std::string PsSize(const engine::ContainerRow& row);

}  // namespace ctool
