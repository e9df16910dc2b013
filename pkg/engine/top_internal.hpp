// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/top.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {

// /proc/PID/stat. False: not what the kernel writes.
bool ParseProcessStat(std::string_view text, TopProcess& process);

// /proc/PID/status; the ids in it are the host's. `levels` is how many pid namespaces lie outside the
// container's; a process that is not that deep has no pid there.
bool ParseProcessStatus(std::string_view text, size_t levels, TopProcess& process);

// How many pid namespaces lie outside of the process: the numbers of its NSpid line, less one.
size_t PidLevels(std::string_view status);

// /proc/PID/uid_map or gid_map, and ids through it. What is not mapped is the kernel's overflow id.
std::vector<userns::IdMapping> ParseIdMap(std::string_view text);
uint32_t InsideId(const std::vector<userns::IdMapping>& map, uint32_t outside);

// Names by id of the text of a passwd(5) or group(5) file; the first line with an id counts.
class IdNames {
 public:
  IdNames() = default;
  explicit IdNames(std::string_view text);
  std::string Of(uint32_t id) const;  // the number when it has no name
  std::string Of(const std::vector<uint32_t>& ids) const;  // with commas

 private:
  std::map<uint32_t, std::string> names_;
};

}  // namespace ctool::engine
