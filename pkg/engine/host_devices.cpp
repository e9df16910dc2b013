// SPDX-License-Identifier: Apache-2.0
#include "engine/host_devices_internal.hpp"

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"

namespace ctool::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOwn[] = {"pts", "shm", "mqueue", "fd", "console", "ptmx"};

bool IsVirtualConsole(std::string_view name) {
  return StartsWith(name, "tty") && name.size() > 3 && name.find_first_not_of("0123456789", 3) == name.npos;
}

void Collect(const std::string& folder, bool top, std::vector<std::string>& out) {
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; it != end; it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    const bool left_out = std::find(std::begin(kOwn), std::end(kOwn), name) != std::end(kOwn) || IsVirtualConsole(name);
    if (top && left_out) continue;
    const fs::file_type type = it->symlink_status(ignored).type();
    if (type == fs::file_type::directory) Collect(it->path().string(), false, out);
    if (type == fs::file_type::character || type == fs::file_type::block) out.push_back(it->path().string());
  }
}

}  // namespace

std::vector<std::string> HostDevices(const std::string& folder) {
  std::vector<std::string> devices;
  Collect(folder, true, devices);
  std::sort(devices.begin(), devices.end());
  return devices;
}

}  // namespace ctool::engine
