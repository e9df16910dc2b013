// SPDX-License-Identifier: Apache-2.0
//
// What `info` and `doctor` find out about the host. Nothing here fails: what can't be read is empty or zero.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/containers_conf.hpp"
#include "storage/store.hpp"

namespace ctool::engine {

// Something that does not work as well as it could, why, and what mends it ("" when nothing does).
struct Degraded {
  std::string feature, reason, hint;
};

// os-release(5): KEY=value, quoted or not.
std::map<std::string, std::string> ParseOsRelease(std::string_view text);

// /proc/meminfo, in bytes.
struct MemoryInfo {
  int64_t total = 0, free = 0, swap_total = 0, swap_free = 0;
};
MemoryInfo ParseMemoryInfo(std::string_view text);

// "1h 2m 3.00s (Approximately 0.04 days)": podman's words.
std::string UptimeText(double seconds);

// "extfs", "xfs", ...: containers/storage's names of statfs(2) magics; in hex when it has none.
std::string FilesystemName(uint64_t magic);

// "v2", or "v1" where any of it is version 1.
std::string CgroupVersion();

// How a container's root file system is put together here, found out by doing it.
struct OverlayInfo {
  std::string backing;  // the file system below the store
  bool native = false;  // the kernel's overlay, in a user namespace
  std::string fuse;  // path of fuse-overlayfs when it has to do it; "" and not native: plain copies
  std::vector<Degraded> degraded;
};
OverlayInfo ProbeOverlay(const storage::Store& store);

// Whether a container can have a proc file system of its own, found out by mounting one: the errno, 0 for success.
Result<int> TryFreshProc();

// Path of a program that nobody calls by hand (netavark, aardvark-dns): helper_binaries_dir, where the distributions put
// them, and PATH. kNotFound.
Result<std::string> FindHelper(const config::ContainersConf& conf, const std::string& name);

}  // namespace ctool::engine
