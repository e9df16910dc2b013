// SPDX-License-Identifier: Apache-2.0
#include <linux/magic.h>
#include <sys/vfs.h>

#include <fmt/format.h>

#include <cmath>

#include "base/text.hpp"
#include "engine/host_facts.hpp"

namespace ctool::engine {
namespace {

std::string Unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                      value.back() == value.front();
  return std::string(quoted ? value.substr(1, value.size() - 2) : value);
}

}  // namespace

std::map<std::string, std::string> ParseOsRelease(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const std::string& line : Split(text, '\n')) {
    const size_t equals = line.find('=');
    if (line.empty() || line[0] == '#' || equals == std::string::npos) continue;
    values[line.substr(0, equals)] = Unquoted(Trim(std::string_view(line).substr(equals + 1)));
  }
  return values;
}

MemoryInfo ParseMemoryInfo(std::string_view text) {
  MemoryInfo info;
  for (const std::string& line : Split(text, '\n')) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !EndsWith(line, " kB")) continue;
    const std::string_view number =
        Trim(std::string_view(line).substr(colon + 1, line.size() - colon - 4));
    const int64_t bytes = ParseInt(number).value_or(0) * 1024;
    const std::string key = line.substr(0, colon);
    if (key == "MemTotal") info.total = bytes;
    else if (key == "MemFree") info.free = bytes;
    else if (key == "SwapTotal") info.swap_total = bytes;
    else if (key == "SwapFree") info.swap_free = bytes;
  }
  return info;
}

std::string UptimeText(double seconds) {
  const auto whole = static_cast<int64_t>(seconds);
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60;
  const double rest = seconds - static_cast<double>(hours * 3600 + minutes * 60);
  std::string text = fmt::format("{}h {}m {:.2f}s", hours, minutes, rest);
  if (hours > 0) text += fmt::format(" (Approximately {:.2f} days)", seconds / 86400);
  return text;
}

std::string FilesystemName(uint64_t magic) {
  switch (magic) {
    case EXT4_SUPER_MAGIC: return "extfs";
    case XFS_SUPER_MAGIC: return "xfs";
    case BTRFS_SUPER_MAGIC: return "btrfs";
    case TMPFS_MAGIC: return "tmpfs";
    case OVERLAYFS_SUPER_MAGIC: return "overlayfs";
    case NFS_SUPER_MAGIC: return "nfs";
    case FUSE_SUPER_MAGIC: return "fuse";
    case F2FS_SUPER_MAGIC: return "f2fs";
    case 0x2fc12fc1: return "zfs";
    case 0xca451a4e: return "bcachefs";
    case 0x0bd00bd0: return "lustre";
    case 0x47504653: return "gpfs";
    case 0xff534d42: return "cifs";
    case 0x01021997: return "9p";
    case 0x858458f6: return "ramfs";
    case MSDOS_SUPER_MAGIC: return "vfat";
    default: return fmt::format("0x{:x}", magic);
  }
}

std::string CgroupVersion() {
  struct statfs fs {};
  return ::statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC ? "v2" : "v1";
}

}  // namespace ctool::engine
