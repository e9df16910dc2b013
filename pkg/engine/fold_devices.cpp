// SPDX-License-Identifier: Apache-2.0
//
// --device: a bind mount, since a user namespace can't make nodes.
#include <sys/stat.h>

#include "base/text.hpp"
#include "engine/host_devices_internal.hpp"
#include "engine/mount_options_internal.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

Result<ContainerMount> DeviceMount(const std::string& source, const std::string& destination) {
  ContainerMount m;
  m.type = "bind";
  m.source = TRY(HostPath(source));
  m.destination = TRY(MountDestination(destination));
  m.options = {"bind", "rprivate", "nosuid", "noexec"};
  return m;
}

}  // namespace

Result<std::vector<ContainerMount>> ParseDevice(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ':');
  const auto rights = [](const std::string& s) { return !s.empty() && s.find_first_not_of("rwm") == std::string::npos; };
  std::string destination = parts[0];
  if (parts.size() == 2 && !rights(parts[1])) destination = parts[1];
  if (parts.size() == 3) destination = parts[1];
  if (parts.size() > 3 || (parts.size() == 3 && !rights(parts[2])))
    return Invalid("invalid device specification: " + Printable(text));
  struct stat st {};
  if (::stat(parts[0].c_str(), &st) < 0) {
    const int err = errno;
    return Error::Sys(err, "stat " + Printable(parts[0])).As(Code::kInvalidArgument);
  }
  if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) return std::vector<ContainerMount>{TRY(DeviceMount(parts[0], destination))};
  if (!S_ISDIR(st.st_mode)) return Invalid(Quote(parts[0]) + " is not a device node");
  std::vector<ContainerMount> mounts;
  for (const std::string& device : HostDevices(parts[0]))
    mounts.push_back(TRY(DeviceMount(device, destination + device.substr(parts[0].size()))));
  if (mounts.empty()) return Invalid("no devices found in " + Quote(parts[0]));
  return mounts;
}

}  // namespace ctool::engine
