// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "engine/cdi.hpp"
#include "engine/fold_internal.hpp"
#include "engine/mount_options_internal.hpp"

namespace ctool::engine {
namespace {

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

Result<ContainerMount> ParseVolume(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ':');
  if (parts.size() == 1) return AnonymousVolume(TRY(MountDestination(parts[0])));
  if (parts.size() > 3) return Invalid("incorrect volume format " + Quote(text) + ", should be [host-dir:]ctr-dir[:option]");
  ContainerMount m = TRY(NamedOrHost(parts[0], parts[1]));
  TRY(ParseBindOptions(parts.size() == 3 ? Split(parts[2], ',') : std::vector<std::string>{}, m));
  return m;
}

bool IsTaken(const ContainerSpec& spec, const std::string& destination) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [&](const ContainerMount& m) { return m.destination == destination; });
}

Status AddImageVolumes(const FoldInput& in, ContainerSpec& spec) {
  const std::string mode = in.options.image_volume.empty() ? "anonymous" : in.options.image_volume;
  if (mode != "anonymous" && mode != "bind" && mode != "tmpfs" && mode != "ignore")
    return Invalid("invalid image volume mode " + Quote(mode) + " required value: bind, tmpfs, ignore");
  if (mode == "ignore") return Ok();
  for (const std::string& path : in.image.volumes) {
    const std::string destination = TRY_CTX("invalid volume path in the image", MountDestination(path));
    if (!IsTaken(spec, destination))
      spec.mounts.push_back(mode == "tmpfs" ? TRY(MakeTmpfs(destination, {})) : AnonymousVolume(destination));
  }
  return Ok();
}

Status AddTyped(const CreateOptions& o, ContainerSpec& spec) {
  for (const std::string& text : o.volume) TRY(AddMount(TRY(ParseVolume(text)), spec));
  for (const std::string& text : o.mount)
    for (ContainerMount& mount : TRY(ParseMountKeys(text))) TRY(AddMount(std::move(mount), spec));
  for (const std::string& text : o.tmpfs) {
    const size_t colon = text.find(':');
    const std::string options = colon == std::string::npos ? "" : text.substr(colon + 1);
    TRY(AddMount(TRY(MakeTmpfs(text.substr(0, colon), Split(options, ','))), spec));
  }
  for (const std::string& text : o.device) {
    if (IsCdiName(text)) {
      spec.cdi_devices.push_back(text);
      continue;
    }
    for (ContainerMount& mount : TRY(ParseDevice(text))) TRY(AddMount(std::move(mount), spec));
    spec.devices.push_back(text);
  }
  for (const std::string& gpu : o.gpus) {
    spec.cdi_devices.push_back("nvidia.com/gpu=" + gpu);
    if (!IsCdiName(spec.cdi_devices.back())) return Invalid("invalid --gpus " + Quote(gpu) + ": wanted all, or a device's name");
  }
  return Ok();
}

}  // namespace

Status FoldMounts(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  TRY(AddTyped(o, spec));
  // What is typed goes before what another container has, and that before what the image wants.
  for (const ContainerMount& mount : in.inherited)
    if (!IsTaken(spec, mount.destination)) spec.mounts.push_back(mount);
  spec.volumes_from = o.volumes_from;
  TRY(AddImageVolumes(in, spec));
  // A mount below another comes after it, whatever the order they were given in.
  std::stable_sort(spec.mounts.begin(), spec.mounts.end(), [](const ContainerMount& a, const ContainerMount& b) {
    return std::count(a.destination.begin(), a.destination.end(), '/') < std::count(b.destination.begin(), b.destination.end(), '/');
  });
  spec.read_only = o.read_only || in.conf.read_only.value_or(false);
  spec.read_only_tmpfs = o.read_only_tmpfs;
  const std::string shm = !o.shm_size.empty() ? o.shm_size : in.conf.shm_size.value_or("65536k");
  spec.shm_size = TRY(ParseBytes(shm, "--shm-size"));
  if (!o.shm_size_systemd.empty()) spec.shm_size_systemd = TRY(ParseBytes(o.shm_size_systemd, "--shm-size-systemd"));
  return Ok();
}

}  // namespace ctool::engine
