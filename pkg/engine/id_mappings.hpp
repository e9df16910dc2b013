// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// A container's own map of ids, as records keep it and podman's inspect shows it: "INSIDE:INTERMEDIATE:COUNT" each. An
// intermediate id is one of the user's default map (0 the user, 1 and up the subordinate ids), which may change between
// two starts.
struct IdMappings {
  std::vector<std::string> uids, gids;
  bool empty() const { return uids.empty(); }
};

enum class IdKind { kUser, kGroup };

// --uidmap or --gidmap, `texts`: [FLAGS]INSIDE:[@]FROM[:COUNT]. "@" makes FROM an id of the host; the flag + puts the line
// into the map that a container would have by default, u and g make it one of users or groups only. `known` is the
// user's default map. kInvalidArgument: malformed, overlapping, without container id 0.
Result<std::vector<userns::IdMapping>> ParseIdMappings(const std::vector<std::string>& texts, IdKind kind,
                                                       const std::vector<userns::IdMapping>& known);

// How many ids a map has.
uint32_t CountIds(const std::vector<userns::IdMapping>& map);

std::vector<std::string> PrintIdMappings(const std::vector<userns::IdMapping>& map);

// The intermediate id of an inner one in a half of a record's map. Nothing: it is not mapped.
std::optional<uint32_t> IntermediateId(const std::vector<std::string>& texts, uint32_t inside);

// The host's ids of a record's map; `user` is the user's default map. kInvalidArgument: it asks for more ids than there are.
Result<userns::IdMap> HostMap(const IdMappings& mappings, const userns::IdMap& user);

}  // namespace ctool::engine
