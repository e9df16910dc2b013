// SPDX-License-Identifier: Apache-2.0
//
// What -v, --mount, --tmpfs and their like have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/container_spec.hpp"

namespace ctool::engine {

// A place in the container: absolute, without "." and "..".
Result<std::string> MountDestination(const std::string& path);
// A path of the host's, as an absolute one; what is not there is podman's "statfs PATH: ...".
Result<std::string> HostPath(const std::string& path);

// ro, nosuid, rprivate, ... as the mount table has them.
bool IsMountFlag(std::string_view option);
bool HasOption(const ContainerMount& mount, std::string_view option);
// The value of "KEY=...", "" without one.
std::string OptionValue(const ContainerMount& mount, std::string_view key);

// Options of binds and volumes, with the defaults (nosuid, nodev, rprivate, rbind) added. Kept in `mount.options`, too:
// U, O, copy, nocopy, upperdir=, workdir=.
Status ParseBindOptions(const std::vector<std::string>& words, ContainerMount& mount);
void AddBindDefaults(ContainerMount& mount);

ContainerMount AnonymousVolume(std::string destination);
// "/path", "./path": a bind; anything else is a volume's name.
Result<ContainerMount> NamedOrHost(const std::string& source, const std::string& destination);
Result<ContainerMount> MakeTmpfs(const std::string& destination, const std::vector<std::string>& options);

// --mount; a glob is several.
Result<std::vector<ContainerMount>> ParseMountKeys(const std::string& text);
// --device; a folder is several.
Result<std::vector<ContainerMount>> ParseDevice(const std::string& text);

// One destination has one source.
Status AddMount(ContainerMount mount, ContainerSpec& spec);

}  // namespace ctool::engine
